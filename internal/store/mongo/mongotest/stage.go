package mongotest

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A stage is one of the pipeline behind a $changeStream. It gives what it makes
// of an event, or keeps it back.
type stage func(bson.Raw) (bson.Raw, bool)

func (s *stream) pass(document bson.Raw) (bson.Raw, bool) {
	for _, stage := range s.stages {
		var ok bool
		if document, ok = stage(document); !ok {
			return nil, false
		}
	}
	return document, true
}

// parseStages knows $match of equal values and $in, and $project of whole fields
// of the event. An error is due for all else: what is passed over in silence
// makes tests lie.
func parseStages(values []bson.RawValue) ([]stage, error) {
	var stages []stage
	for _, v := range values {
		d, ok := v.DocumentOK()
		if !ok {
			return nil, fmt.Errorf("%v is no stage", v)
		}
		first, err := d.IndexErr(0)
		if err != nil {
			return nil, err
		}
		arguments, ok := first.Value().DocumentOK()
		if !ok {
			return nil, fmt.Errorf("%v is no stage", v)
		}
		var s stage
		switch first.Key() {
		case "$match":
			s, err = parseMatch(arguments)
		case "$project":
			s, err = parseProject(arguments)
		default:
			err = fmt.Errorf("the stage %s is not emulated", first.Key())
		}
		if err != nil {
			return nil, err
		}
		stages = append(stages, s)
	}
	return stages, nil
}

func parseMatch(filter bson.Raw) (stage, error) {
	elements, err := filter.Elements()
	if err != nil {
		return nil, err
	}
	wanted := map[string][]bson.RawValue{}
	for _, e := range elements {
		wanted[e.Key()] = []bson.RawValue{e.Value()}
		operators, ok := e.Value().DocumentOK()
		if !ok && !strings.HasPrefix(e.Key(), "$") {
			continue
		}
		in, ok := operators.Lookup("$in").ArrayOK()
		if !ok {
			return nil, fmt.Errorf("the condition %v is not emulated", e)
		}
		if wanted[e.Key()], err = in.Values(); err != nil {
			return nil, err
		}
	}
	return func(document bson.Raw) (bson.Raw, bool) {
		for path, values := range wanted {
			v, err := document.LookupErr(strings.Split(path, ".")...)
			if err != nil || !slices.ContainsFunc(values, v.Equal) {
				return nil, false
			}
		}
		return document, true
	}, nil
}

func parseProject(fields bson.Raw) (stage, error) {
	elements, err := fields.Elements()
	if err != nil {
		return nil, err
	}
	named := map[bool][]string{}
	for _, e := range elements {
		keep, isBool := e.Value().BooleanOK()
		if n, ok := e.Value().AsInt64OK(); ok {
			keep, isBool = n != 0, true
		}
		if !isBool || strings.Contains(e.Key(), ".") {
			return nil, fmt.Errorf("the projection %v is not emulated", e)
		}
		named[keep] = append(named[keep], e.Key())
	}
	// A stream without its tokens is an error in MongoDB, too.
	if slices.Contains(named[false], "_id") || len(named) > 1 {
		return nil, fmt.Errorf("the projection %v is not emulated", fields)
	}
	return func(document bson.Raw) (bson.Raw, bool) {
		drop := named[false]
		if kept := named[true]; kept != nil {
			elements, err := document.Elements()
			if err != nil {
				return nil, false
			}
			for _, e := range elements {
				if key := e.Key(); key != "_id" && !slices.Contains(kept, key) {
					drop = append(drop, key)
				}
			}
		}
		smaller, err := without(document, drop...)
		return smaller, err == nil
	}, nil
}
