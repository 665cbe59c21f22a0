package desk

// The parts of Due.
var (
	SettleMerges = (*Desk).settleMerges
	DueLocks     = (*Desk).dueLocks
	DuePins      = (*Desk).duePins
)
