package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// The parameters of an operation (GraphQL over HTTP, section 5.1).
const (
	queryParameter         = "query"
	operationNameParameter = "operationName"
	variablesParameter     = "variables"
	extensionsParameter    = "extensions"
	// documentIDParameter names a document that the server has (GraphQL over HTTP,
	// appendix A). What names are good is the executor's business, which finds it
	// among the extensions.
	documentIDParameter = "documentId"
)

// A given is the parameters of an operation as they came. What is not there is nil.
type given struct {
	query, operationName, documentID *string
	variables, extensions            map[string]any
}

var errNoQuery = errors.New("query is missing")

// raw makes of the parameters what an executor takes.
func (g *given) raw(started time.Time) (*graphql.RawParams, error) {
	p := &graphql.RawParams{Variables: g.variables, Extensions: g.extensions}
	if g.query != nil {
		p.Query = *g.query
	}
	if g.operationName != nil {
		p.OperationName = *g.operationName
	}
	if g.documentID != nil {
		if p.Extensions == nil {
			p.Extensions = map[string]any{}
		}
		p.Extensions[documentIDParameter] = *g.documentID
	}
	if g.query == nil && p.Extensions["persistedQuery"] == nil && p.Extensions[documentIDParameter] == nil {
		return nil, errNoQuery
	}
	p.ReadTime = graphql.TraceTiming{Start: started, End: time.Now()}
	return p, nil
}

// parameters reads those of an operation: a JSON object. Names that are not known are
// passed over, as the specification has it; a name that is known and there twice is
// refused, for whoever looks at a request before us may have read the other.
func parameters(text []byte) (*graphql.RawParams, error) {
	started := time.Now()
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	switch start, err := d.Token(); {
	case err != nil:
		return nil, jsonError(d, err)
	case start != json.Delim('{'):
		return nil, fmt.Errorf("it is %s, not an object", kindOf(bytes.TrimLeft(text, space)))
	}
	var g given
	var seen []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, jsonError(d, err)
		}
		name, _ := token.(string) // nothing else can stand there
		if isParameter(name) {
			if slices.Contains(seen, name) {
				return nil, fmt.Errorf("%s is there twice", name)
			}
			seen = append(seen, name)
		}
		if err := g.take(d, name); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil { // the end of the object
		return nil, jsonError(d, err)
	}
	if err := nothingFollows(d); err != nil {
		return nil, err
	}
	return g.raw(started)
}

// take takes the value of a name.
func (g *given) take(d *json.Decoder, name string) (err error) {
	switch name {
	case queryParameter:
		err = d.Decode(&g.query)
	case operationNameParameter:
		err = d.Decode(&g.operationName)
	case documentIDParameter:
		err = d.Decode(&g.documentID)
	case variablesParameter:
		err = d.Decode(&g.variables)
	case extensionsParameter:
		err = d.Decode(&g.extensions)
	default:
		var passed json.RawMessage
		err = d.Decode(&passed)
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("%s has the wrong type, %s", name, wrong.Value)
	case err != nil:
		return jsonError(d, err)
	}
	return nil
}

func isParameter(name string) bool {
	switch name {
	case queryParameter, operationNameParameter, documentIDParameter, variablesParameter, extensionsParameter:
		return true
	}
	return false
}

// space is what may be around JSON.
const space = " \t\r\n"

// kindOf names what a JSON text is.
func kindOf(text []byte) string {
	if len(text) == 0 {
		return "nothing"
	}
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// jsonError tells what is wrong with a text and where, and nothing of what is in it.
func jsonError(d *json.Decoder, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends early")
	}
	return fmt.Errorf("it can't be understood at byte %d", d.InputOffset()+1)
}

func nothingFollows(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows behind it")
	}
	return nil
}

// urlParameters reads the parameters of an operation from the query of a URL.
func urlParameters(query string) (*graphql.RawParams, error) {
	started := time.Now()
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("the query of the URL can't be understood")
	}
	var g given
	for name, list := range values {
		if !isParameter(name) {
			continue
		}
		if len(list) > 1 {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		text := strings.Clone(list[0]) // what is kept of it must not keep the whole address
		switch {
		case !utf8.ValidString(text):
			return nil, fmt.Errorf("%s is not UTF-8", name)
		case text == "": // as if it were not there
		case name == queryParameter:
			g.query = &text
		case name == operationNameParameter:
			g.operationName = &text
		case name == documentIDParameter:
			g.documentID = &text
		case name == variablesParameter:
			err = objectParameter(name, text, &g.variables)
		case name == extensionsParameter:
			err = objectParameter(name, text, &g.extensions)
		}
		if err != nil {
			return nil, err
		}
	}
	return g.raw(started)
}

func objectParameter(name, text string, to *map[string]any) error {
	if err := decode([]byte(text), to); err != nil {
		return fmt.Errorf("%s is not a JSON object: %w", name, err)
	}
	return nil
}

// decode reads one JSON value and nothing behind it. Its errors tell what is
// wrong and where, and never repeat what was sent.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var wrong *json.UnmarshalTypeError
	switch err := d.Decode(to); {
	case errors.As(err, &wrong):
		return fmt.Errorf("it is %s", kindOf(bytes.TrimLeft(text, space)))
	case err != nil:
		return jsonError(d, err)
	}
	return nothingFollows(d)
}

// operationParameters reads the parameters of a request; body is that of a POST.
func operationParameters(r *http.Request, body []byte) (*graphql.RawParams, *refusal) {
	if r.Method != http.MethodPost {
		params, err := urlParameters(r.URL.RawQuery)
		if err != nil {
			return nil, &refusal{http.StatusBadRequest, err.Error()}
		}
		params.Headers = r.Header
		return params, nil
	}
	params, err := parameters(body)
	switch {
	case errors.Is(err, errNoQuery):
		return nil, &refusal{http.StatusBadRequest, err.Error()}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body is not a GraphQL request as JSON: " + err.Error()}
	}
	params.Headers = r.Header
	return params, nil
}
