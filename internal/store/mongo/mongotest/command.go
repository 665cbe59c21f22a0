package mongotest

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Command is what a driver asks of the server. It is not to be changed.
type Command struct {
	Name       string // as it was sent: insert, find, hello, isMaster
	Database   string
	Collection string // "" for commands of a whole database
	Body       bson.Raw
	// Documents are what an insert, an update, a delete or a bulkWrite is made
	// of, whether they came in the body or beside it.
	Documents []bson.Raw
	// Monitoring tells what the driver asks on its own account from what it was
	// asked: hello and isMaster, of handshakes and of heartbeats.
	Monitoring bool

	request   message
	sequences []sequence
}

func parseCommand(request message) (*Command, error) {
	c := &Command{request: request}
	var err error
	switch request.kind() {
	case opQuery:
		c.Database, c.Body, err = request.query()
	case opMsg:
		c.Body, c.sequences, err = request.sections()
	default:
		err = fmt.Errorf("a request of kind %d", request.kind())
	}
	if err != nil {
		return nil, err
	}
	first, err := c.Body.IndexErr(0)
	if err != nil {
		return nil, err
	}
	c.Name = first.Key()
	c.Collection, _ = first.Value().StringValueOK()
	if c.Name == "getMore" {
		c.Collection, _ = c.Body.Lookup("collection").StringValueOK()
	}
	if database, ok := c.Body.Lookup("$db").StringValueOK(); ok {
		c.Database = database
	}
	switch c.Name {
	case "hello", "isMaster", "ismaster":
		c.Monitoring = true
	}
	c.Documents = c.documents(map[string]string{
		"insert": "documents", "update": "updates", "delete": "deletes", "bulkWrite": "ops",
	}[c.Name])
	return c, nil
}

// documents are those that came under a name.
func (c *Command) documents(name string) []bson.Raw {
	for _, s := range c.sequences {
		if s.name == name {
			return s.documents
		}
	}
	list, ok := c.Body.Lookup(name).ArrayOK()
	if !ok {
		return nil
	}
	values, err := list.Values()
	if err != nil {
		return nil
	}
	var documents []bson.Raw
	for _, v := range values {
		if d, ok := v.DocumentOK(); ok {
			documents = append(documents, d)
		}
	}
	return documents
}

// silent says whether the driver waits for no reply.
func (c *Command) silent() bool {
	return c.request.flags()&moreToCome != 0
}

// An Action is what a [Proxy] does about a command.
type Action interface{ action() }

type simpleAction int

const (
	// Pass forwards the command and the reply.
	Pass simpleAction = iota
	// DropRequest ends the connection; the server never sees the command.
	DropRequest
	// DropReply forwards the command, waits for the reply and ends the
	// connection without it.
	DropReply
)

type (
	delayAction     time.Duration
	holdAction      <-chan struct{}
	holdReplyAction <-chan struct{}
	answerAction    bson.D
)

// Delay forwards the command after d.
func Delay(d time.Duration) Action { return delayAction(d) }

// Hold forwards the command after until is closed, even when the driver has
// given up by then.
func Hold(until <-chan struct{}) Action { return holdAction(until) }

// HoldReply forwards the command, and the reply after until is closed.
func HoldReply(until <-chan struct{}) Action { return holdReplyAction(until) }

// Answer sends reply; the server never sees the command. An "ok" of 1 is added
// to a reply without.
func Answer(reply bson.D) Action { return answerAction(reply) }

// Fail answers that the command went wrong, as MongoDB does.
func Fail(code int, name string, labels ...string) Action {
	return answerAction(failure(code, name, labels...))
}

func (simpleAction) action()    {}
func (delayAction) action()     {}
func (holdAction) action()      {}
func (holdReplyAction) action() {}
func (answerAction) action()    {}

// failure is the reply to a command that goes wrong.
func failure(code int, name string, labels ...string) bson.D {
	d := bson.D{
		{Key: "ok", Value: 0.0},
		{Key: "errmsg", Value: "as the test wants it: " + name},
		{Key: "code", Value: int32(code)},
		{Key: "codeName", Value: name},
	}
	if len(labels) > 0 {
		d = append(d, bson.E{Key: "errorLabels", Value: labels})
	}
	return d
}
