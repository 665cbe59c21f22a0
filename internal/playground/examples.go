package playground

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"
)

// An example is an operation to try: a file in the folder examples, in a folder that is
// its group. Both begin with a number, for their order. The file begins with comments:
//
//	# title: Front page
//	# about: What it shows, in a sentence.
//	# role: EDITOR
//	# error: CONFLICT
//	# variables: {"first": 10}
//
// The last three may be left out. A variable "in 2h" is the instant that comes in two
// hours, as RFC 3339.
type example struct {
	Group     string          `json:"group"`
	Name      string          `json:"name"` // its own in the group
	Title     string          `json:"title"`
	About     string          `json:"about"`
	Role      string          `json:"role,omitempty"`  // the least that it takes
	Error     string          `json:"error,omitempty"` // the code of the error that it shows
	Query     string          `json:"query"`
	Variables json.RawMessage `json:"variables,omitempty"` // a JSON object
}

func readExamples(files fs.FS) ([]example, error) {
	var examples []example
	err := fs.WalkDir(files, "examples", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		one, err := readExample(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		group := strings.ReplaceAll(unnumbered(path.Base(path.Dir(name))), "-", " ")
		one.Group = strings.ToUpper(group[:1]) + group[1:]
		one.Name = strings.TrimSuffix(unnumbered(path.Base(name)), ".graphql")
		examples = append(examples, one)
		return nil
	})
	return examples, err
}

// unnumbered is a name such as 10-front-page without its number.
func unnumbered(name string) string {
	_, rest, found := strings.Cut(name, "-")
	if !found || rest == "" {
		return name
	}
	return rest
}

func readExample(text string) (example, error) {
	var one example
	for {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, found := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		if !strings.HasPrefix(line, "# ") || !found {
			break
		}
		switch name {
		case "title":
			one.Title = value
		case "about":
			one.About = value
		case "role":
			one.Role = value
		case "error":
			one.Error = value
		case "variables":
			if !json.Valid([]byte(value)) {
				return example{}, fmt.Errorf("variables are no JSON: %s", value)
			}
			one.Variables = json.RawMessage(value)
		default:
			return example{}, fmt.Errorf("there is no %q", name)
		}
		text = rest
	}
	one.Query = strings.TrimSpace(text) + "\n"
	if one.Title == "" || one.About == "" {
		return example{}, fmt.Errorf("it takes a title and an about")
	}
	return one, nil
}

var ahead = regexp.MustCompile(`"in (\d+[mh])"`)

// dated are the examples with their times, as seen from now.
func dated(examples []example, now time.Time) []example {
	at := make([]example, len(examples))
	for i, one := range examples {
		one.Variables = ahead.ReplaceAllFunc(one.Variables, func(quoted []byte) []byte {
			by, err := time.ParseDuration(string(ahead.FindSubmatch(quoted)[1]))
			if err != nil {
				return quoted
			}
			return []byte(now.Add(by).UTC().Format(`"2006-01-02T15:04:00Z"`))
		})
		at[i] = one
	}
	return at
}
