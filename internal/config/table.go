package config

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Table is what one command can be told: its settings and its arguments.
type Table struct {
	Usage    string // the command line, such as "depeche export [flags]"
	About    string // what the command does, for the help
	Settings []Setting
	Args     []Arg

	values map[string]Value // by the setting's flag
}

// A Setting is one thing that can be set by a flag and perhaps by a variable of
// the environment. Where both are given, the flag counts.
type Setting struct {
	Flag     string // without its dashes
	Env      string // empty: there is no variable
	Value    string // what the help calls the value, such as FILE; empty: a switch
	Default  string // empty: nothing is set
	About    string // a sentence for the help
	Required bool
	Repeated bool // may be given several times; Set is called for each
	// Show is what may be shown of the value; nil: all of it. Set's errors then
	// repeat nothing of it.
	Show func(value string) string
	// Set takes the value over. Its error completes a sentence that begins with
	// the setting, such as "must be a number".
	Set func(value string) error
}

// An Arg is an argument that is no flag. All are required.
type Arg struct {
	Name string
	Set  func(value string) error
}

// A Value is what a setting has come to.
type Value struct {
	Flag, Value string
	Origin      string // the flag, the variable, or "default"
}

// Parse reads the command line and the environment (as of os.Environ) and sets
// the settings. It reports everything that is wrong, also variables of the
// prefix DEPECHE_ that nothing here or in the server knows. An empty variable is
// as good as none. A lone "-" is an argument, "--" ends the flags.
func (t *Table) Parse(args, environ []string) *Problems {
	var p Problems
	given := make(map[string][]string)
	p.words(t, args, given)
	variables := make(map[string]string)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		variables[name] = value
	}
	p.unknownVariables(t, variables)

	t.values = make(map[string]Value)
	for _, s := range t.Settings {
		values, origin := given[s.Flag], "--"+s.Flag
		if values == nil && s.Env != "" && variables[s.Env] != "" {
			values, origin = []string{variables[s.Env]}, s.Env
		}
		if values == nil {
			origin = "default"
		}
		if values == nil && s.Default != "" {
			values = []string{s.Default}
		}
		if values == nil && s.Required {
			p.Add("--"+s.Flag, "is missing: %s", s.About)
		}
		t.values[s.Flag] = Value{Flag: s.Flag, Value: s.show(values), Origin: origin}
		if len(values) > 1 && !s.Repeated {
			p.Add("--"+s.Flag, "is given %d times", len(values))
			continue
		}
		for _, value := range values {
			if err := s.set(value); err != nil {
				p.Add(origin, "%v", err)
			}
		}
	}
	return &p
}

func (s Setting) set(value string) error {
	if value == "" {
		return fmt.Errorf("must not be empty")
	}
	return s.Set(value)
}

func (s Setting) show(values []string) string {
	shown := make([]string, len(values))
	for i, value := range values {
		shown[i] = value
		if s.Show != nil {
			shown[i] = s.Show(value)
		}
	}
	return strings.Join(shown, ", ")
}

// words sorts the command line into flags and arguments.
func (p *Problems) words(t *Table, words []string, given map[string][]string) {
	var args []string
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		if word == "--" {
			args = append(args, words...)
			break
		}
		if word == "-" || !strings.HasPrefix(word, "-") {
			args = append(args, word)
			continue
		}
		name, value, hasValue := strings.Cut(word, "=")
		i := slices.IndexFunc(t.Settings, func(s Setting) bool { return "--"+s.Flag == name })
		if i < 0 {
			p.Add(Redact(name), "is no flag of this command")
			continue
		}
		switch s := t.Settings[i]; {
		case hasValue:
		case s.Value == "":
			value = "true"
		case len(words) == 0 || strings.HasPrefix(words[0], "--"):
			p.Add(name, "needs a value: %s", s.Value)
			given[s.Flag] = []string{} // given, though badly: not missing as well
			continue
		default:
			value, words = words[0], words[1:]
		}
		given[t.Settings[i].Flag] = append(given[t.Settings[i].Flag], value)
	}
	for i, arg := range t.Args {
		if i >= len(args) {
			p.Add(arg.Name, "is missing")
		} else if err := arg.Set(args[i]); err != nil {
			p.Add(arg.Name, "%v", err)
		}
	}
	for _, word := range args[min(len(t.Args), len(args)):] {
		p.Add(strconv.Quote(Redact(word)), "is one argument too many")
	}
}

func (p *Problems) unknownVariables(t *Table, variables map[string]string) {
	known := append((&Config{}).settings(), t.Settings...)
	var unknown []string
	for name := range variables {
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) || name == MigrateFrom || name == MigrateTo ||
			slices.ContainsFunc(known, func(s Setting) bool { return s.Env == name }) {
			continue
		}
		unknown = append(unknown, name)
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		p.Add(name, "is no variable of depeche")
	}
}

// Values lists what the settings have come to, in the order of the table.
func (t *Table) Values() []Value {
	var values []Value
	for _, s := range t.Settings {
		values = append(values, t.values[s.Flag])
	}
	return values
}

// Help writes how the command is used: every flag with its variable, its default
// and its meaning.
func (t *Table) Help(w io.Writer) error {
	const indent = "\n        "
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n%s\n\nFlags:\n", t.Usage, t.About)
	for _, s := range t.Settings {
		name, about := strings.TrimSpace(s.Flag+" "+s.Value), strings.ReplaceAll(s.About, "\n", indent)
		fmt.Fprintf(&b, "  --%s%s%s", name, indent, about)
		var notes []string
		if s.Required {
			notes = append(notes, "required")
		}
		if s.Repeated {
			notes = append(notes, "may be repeated")
		}
		if s.Env != "" {
			notes = append(notes, s.Env)
		}
		if s.Default != "" && (s.Value != "" || s.Default != "false") { // most switches are off
			notes = append(notes, "default "+s.Default)
		}
		if len(notes) > 0 {
			fmt.Fprintf(&b, "%s(%s)", indent, strings.Join(notes, "; "))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "  --help%sShow this and end.\n", indent)
	_, err := io.WriteString(w, b.String())
	return err
}

// WantsHelp tells whether a command line asks how it is to be written.
func WantsHelp(args []string) bool {
	for _, arg := range args {
		switch arg {
		case "--":
			return false
		case "--help", "-help", "-h":
			return true
		}
	}
	return false
}

// Problems is everything that is wrong with what a command was told.
type Problems struct{ list []string }

// Add notes what is wrong with a flag, a variable or an argument.
func (p *Problems) Add(name, reason string, args ...any) {
	p.list = append(p.list, name+" "+fmt.Sprintf(reason, args...))
}

// Err is the problems as an error, nil where there are none.
func (p *Problems) Err() error {
	if len(p.list) == 0 {
		return nil
	}
	return p
}

// Error lists the problems, a line each.
func (p *Problems) Error() string { return strings.Join(p.list, "\n") }
