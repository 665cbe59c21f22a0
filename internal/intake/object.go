package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"depeche/internal/news"
)

// A decoder takes JSON objects apart, strictly: names are compared to the
// letter, none comes twice, and a value has the type that is due. It keeps the
// first rule that is broken, as *news.InvalidError, and the names that nobody
// asked for.
type decoder struct {
	err     error
	unknown []string
}

func (d *decoder) refuse(field, reason string, args ...any) {
	if d.err == nil {
		d.err = news.Invalid(field, reason, args...)
	}
}

// An object is a JSON object; a nil one has no fields.
type object struct {
	*decoder
	path   string // goes before the names, such as "image."
	fields map[string]json.RawMessage
}

// decode takes the object of a line apart.
func (d *decoder) decode(line []byte) *object {
	if !utf8.Valid(line) {
		d.refuse("the line", "is not valid UTF-8")
		return nil
	}
	fields, err := fieldsOf(line)
	if err != nil {
		d.refuse("the line", "%v", err)
		return nil
	}
	return &object{decoder: d, fields: fields}
}

// maxFields is above the number of fields that any object of an archive has.
const maxFields = 100

// fieldsOf takes a JSON object apart. Its errors follow the name of what it is
// the value of. A field that is null is as good as none.
func fieldsOf(raw []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	start, err := dec.Token()
	if err != nil {
		return nil, notJSON(err)
	}
	if start != json.Delim('{') {
		return nil, errors.New("must be a JSON object")
	}
	fields := make(map[string]json.RawMessage)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, notJSON(err)
		}
		key := name.(string) // dec accepts nothing else here
		if _, twice := fields[key]; twice {
			return nil, fmt.Errorf("has the field %q twice", cut(key, 60))
		}
		if len(fields) == maxFields {
			return nil, fmt.Errorf("has more than %d fields", maxFields)
		}
		fields[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("goes on after its JSON object")
	}
	for name, value := range fields {
		if string(value) == "null" {
			delete(fields, name)
		}
	}
	return fields, nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("ends in the middle of its JSON; the file may be cut off")
	}
	return fmt.Errorf("is not JSON: %v", err)
}

// take removes a field, so that what is left at last is unknown.
func (o *object) take(name string) (value json.RawMessage, ok bool) {
	if o == nil {
		return nil, false
	}
	value, ok = o.fields[name]
	delete(o.fields, name)
	return value, ok
}

// rest notes what nobody has asked for.
func (o *object) rest() {
	if o == nil {
		return
	}
	for name := range o.fields {
		quoted := strconv.Quote(cut(name, 60)) // it goes to terminals
		o.unknown = append(o.unknown, o.path+quoted[1:len(quoted)-1])
	}
	slices.Sort(o.unknown)
}

func (o *object) text(name string) string {
	raw, ok := o.take(name)
	if !ok {
		return ""
	}
	return o.aText(o.path+name, raw)
}

func (d *decoder) aText(field string, raw json.RawMessage) string {
	if raw[0] != '"' {
		d.refuse(field, "must be a string")
		return ""
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		d.refuse(field, "is not JSON: %v", err)
	}
	return s
}

// required is a text that must be there. The desk says whether it may be empty.
func (o *object) required(name string) string {
	if o == nil {
		return ""
	}
	if _, ok := o.fields[name]; !ok {
		o.refuse(o.path+name, "is missing")
		return ""
	}
	return o.text(name)
}

func (o *object) truth(name string) bool {
	raw, ok := o.take(name)
	if !ok {
		return false
	}
	if s := string(raw); s != "true" && s != "false" {
		o.refuse(o.path+name, "must be true or false")
	}
	return string(raw) == "true"
}

func (o *object) number(name string) (n float64, ok bool) {
	raw, ok := o.take(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || raw[0] == '"' {
		o.refuse(o.path+name, "must be a number")
	}
	return n, true
}

func (o *object) requiredNumber(name string) float64 {
	n, ok := o.number(name)
	if !ok && o != nil {
		o.refuse(o.path+name, "is missing")
	}
	return n
}

func (o *object) pixels(name string) news.Pixels {
	n, _ := o.number(name)
	if n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		o.refuse(o.path+name, "must be a whole number of pixels")
		return 0
	}
	return news.Pixels(n)
}

// instant is an instant of the years 1 to 9999, zero where there is none.
func (o *object) instant(name string) time.Time {
	raw, ok := o.take(name)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, o.aText(o.path+name, raw))
	if err != nil {
		o.refuse(o.path+name, "must be an RFC 3339 instant such as 2025-07-09T09:27:00Z, not %s", cut(string(raw), 60))
		return time.Time{}
	}
	t = news.Instant(t)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		o.refuse(o.path+name, "must be an instant of the years 1 to 9999")
		return time.Time{}
	}
	return t
}

func (o *object) requiredInstant(name string) time.Time {
	if o != nil {
		if _, ok := o.fields[name]; !ok {
			o.refuse(o.path+name, "is missing")
		}
	}
	return o.instant(name)
}

func (o *object) object(name string) *object {
	raw, ok := o.take(name)
	if !ok {
		return nil
	}
	return o.anObject(o.path+name, raw)
}

func (d *decoder) anObject(field string, raw json.RawMessage) *object {
	fields, err := fieldsOf(raw)
	if err != nil {
		d.refuse(field, "%v", err)
		return nil
	}
	return &object{decoder: d, path: field + ".", fields: fields}
}

// list calls each for the elements of a list of at most most, with the name of
// each.
func (o *object) list(name string, most int, each func(field string, raw json.RawMessage)) {
	raw, ok := o.take(name)
	if !ok {
		return
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if start, err := dec.Token(); err != nil || start != json.Delim('[') {
		o.refuse(o.path+name, "must be a list")
		return
	}
	for i := 0; dec.More(); i++ {
		var element json.RawMessage
		if err := dec.Decode(&element); err != nil {
			o.refuse(o.path+name, "%v", notJSON(err))
			return
		}
		if i == most {
			o.refuse(o.path+name, "has more than %d elements", most)
			return
		}
		each(fmt.Sprintf("%s%s[%d]", o.path, name, i), element)
	}
}

// texts is a list of strings.
func (o *object) texts(name string, most int) (all []string) {
	o.list(name, most, func(field string, raw json.RawMessage) {
		all = append(all, o.aText(field, raw))
	})
	return all
}
