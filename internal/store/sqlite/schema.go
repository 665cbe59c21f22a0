package sqlite

// What PRAGMA application_id and PRAGMA user_version say of a file of ours.
const (
	applicationID = 0x64706368 // "dpch"
	format        = 2
)

// schema is what format 1 began with. Format 2 changes none of it: it tells that the
// newsroom may have states and kinds that a depeche of format 1 does not know, which
// would show a story that is under embargo.
//
// The log holds every document once; an entity is what its line entities.seq
// made of it. A posting says that an entity is listed under a term; the empty
// term of each kind and status holds them all. The key is what the kind's lists
// are ordered by, Listing.At in milliseconds since 1970 or Listing.Name; all
// postings of an entity have the same. terms.n counts the postings. slugs says
// to whom a slug belongs for ever.
const schema = `
CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE log (
	seq     INTEGER PRIMARY KEY,
	entity  TEXT NOT NULL,
	version INTEGER NOT NULL,
	kind    TEXT NOT NULL,
	op      TEXT NOT NULL,
	at      INTEGER NOT NULL,
	by      TEXT NOT NULL,
	before  BLOB,
	doc     BLOB NOT NULL,
	UNIQUE (entity, version)
);

CREATE TABLE entities (
	id   TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	seq  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX entities_by_kind ON entities (kind, id);

CREATE TABLE terms (
	id   INTEGER PRIMARY KEY,
	term TEXT NOT NULL UNIQUE,
	n    INTEGER NOT NULL
);

CREATE TABLE postings (
	term INTEGER NOT NULL,
	key  NOT NULL,
	id   TEXT NOT NULL,
	PRIMARY KEY (term, key, id)
) WITHOUT ROWID;

CREATE TABLE slugs (
	kind   TEXT NOT NULL,
	slug   TEXT NOT NULL,
	entity TEXT NOT NULL,
	PRIMARY KEY (kind, slug)
) WITHOUT ROWID;
`

// laterSchema is the tables that have come since. A file is given them, and the
// newest format, when it is opened for writing. until is in milliseconds since 1970.
const laterSchema = `
CREATE TABLE IF NOT EXISTS places (
	key   TEXT PRIMARY KEY,
	seq   INTEGER NOT NULL,
	until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS places_by_until ON places (until);

CREATE TABLE IF NOT EXISTS leases (
	key    TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	until  INTEGER NOT NULL,
	note   BLOB NOT NULL
) WITHOUT ROWID;
`
