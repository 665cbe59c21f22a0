package auth

// For the tests of what claims say.
var (
	RoleIn = roleIn
	NameIn = nameIn
)
