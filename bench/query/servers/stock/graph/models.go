package graph

// A Tag is what stories are filed under.
type Tag struct {
	ID   int64 // of the row; the schema does not have it
	Slug string
	Name string
	Kind TagKind
}
