package news_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"depeche/internal/news"
)

// leftOut are the fields of entities that Differences passes over, by type.
func leftOut() map[string][]string {
	return map[string][]string{
		"Story":        {"ID", "Version", "PreviousSlugs", "CreatedBy", "CreatedAt", "UpdatedAt", "Retags", "WithdrawnIn", "Brief"},
		"Tag":          {"ID", "Version", "SortName", "PreviousSlugs", "Status", "MergedInto", "MergedAt", "Settled"},
		"TickerEntry":  {"ID", "Version", "UpdatedAt", "Retags"},
		"Coverage":     {"ID", "Version", "PreviousSlugs", "Retags"},
		"Lock":         {"ID", "Version", "Story"},
		"ServiceToken": {"ID", "Version", "Status", "Hash", "CreatedBy", "CreatedAt"},
		"Webhook":      {"ID", "Version", "Secret", "From", "Begun", "CreatedBy", "CreatedAt"},
	}
}

func entities() []func() news.Entity {
	return []func() news.Entity{
		func() news.Entity { return &news.Story{Schedule: &news.Schedule{}} },
		func() news.Entity { return &news.Tag{} },
		func() news.Entity { return &news.TickerEntry{} },
		func() news.Entity { return &news.Coverage{} },
		func() news.Entity { return &news.Lock{} },
		func() news.Entity { return &news.ServiceToken{} },
		func() news.Entity { return &news.Webhook{} },
	}
}

// TestEachFieldMakesADifference changes each field of each entity and holds that it
// is told of, once, or is left out on purpose.
func TestEachFieldMakesADifference(t *testing.T) {
	for _, fresh := range entities() {
		kind := reflect.TypeOf(fresh()).Elem()
		out := slices.Clone(leftOut()[kind.Name()])
		told := map[string]string{}
		for _, field := range reflect.VisibleFields(kind) {
			if field.Anonymous {
				continue
			}
			changed := fresh()
			change(t, reflect.ValueOf(changed).Elem().FieldByIndex(field.Index))
			names := news.Differences(fresh(), changed)
			if back := news.Differences(changed, fresh()); !slices.Equal(back, names) {
				t.Errorf("%s.%s: got %v one way and %v the other", kind.Name(), field.Name, names, back)
			}
			if i := slices.Index(out, field.Name); i >= 0 {
				out = slices.Delete(out, i, i+1)
				if len(names) != 0 {
					t.Errorf("%s.%s: got %v, want it left out", kind.Name(), field.Name, names)
				}
				continue
			}
			if len(names) == 0 {
				t.Errorf("a change of %s.%s is told nowhere: name it in fields, or leave it out here", kind.Name(), field.Name)
			}
			for _, name := range names {
				if other := told[name]; other != "" {
					t.Errorf("%s and %s are both told as %s", field.Name, other, name)
				}
				told[name] = field.Name
			}
		}
		if len(out) > 0 {
			t.Errorf("%s has no fields %v to leave out", kind.Name(), out)
		}
	}
}

// change sets a field to something that it was not.
func change(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(1)))
		return
	case *news.Schedule:
		v.Set(reflect.ValueOf(&news.Schedule{At: time.UnixMilli(1), Local: "1970-01-01T01:00", Zone: "Europe/Paris"}))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	default:
		t.Fatalf("the test can't change a %s", v.Type())
	}
}

func TestDifferencesAreInTheOrderOfTheSchema(t *testing.T) {
	a := &news.Story{StoryContent: news.StoryContent{Title: "A", Image: &news.Image{Alt: "a"}, Tags: []news.TagID{}}}
	b := a.Clone()
	if got := news.Differences(a, b); got != nil {
		t.Errorf("got %v for two that are the same", got)
	}
	b.Tags = nil
	b.Image = &news.Image{Alt: "a"}
	if got := news.Differences(a, b); got != nil {
		t.Errorf("got %v for an empty list and none", got)
	}
	b.EmbargoedUntil, b.Image.Alt, b.Title, b.Status = time.UnixMilli(1), "b", "B", news.StoryPublished
	if got, want := news.Differences(a, b), []string{"title", "status", "image", "embargoedUntil"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := news.Differences(a, &news.Tag{}); got != nil {
		t.Errorf("got %v for a story and a tag", got)
	}
}
