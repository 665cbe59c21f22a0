package document_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// public are an empty entity of each kind that is read without package bson, in
// the order of news.Kinds.
func public() []news.Entity {
	return []news.Entity{new(news.Tag), new(news.Coverage), new(news.Story), new(news.TickerEntry)}
}

// all are an empty entity of each kind, in the order of news.Kinds and
// news.PrivateKinds.
func all() []news.Entity {
	return append(public(), new(news.Lock), new(news.ServiceToken), new(news.Webhook))
}

func allKinds() []news.Kind { return append(news.Kinds(), news.PrivateKinds()...) }

// TestEveryKind holds that the tests of this package know every kind.
func TestEveryKind(t *testing.T) {
	var got []news.Kind
	for _, e := range all() {
		got = append(got, e.Ref().Kind)
	}
	if want := allKinds(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		for _, want := range all() {
			fill(r, reflect.ValueOf(want).Elem())
			data, err := document.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := document.Decode(want.Ref().Kind, data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, utc); diff != "" {
				t.Fatalf("%T (-want +got):\n%s", want, diff)
			}
		}
		want := new(news.Listing)
		fill(r, reflect.ValueOf(want).Elem())
		data, err := document.EncodeListing(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := document.DecodeListing(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, utc); diff != "" {
			t.Fatalf("listing (-want +got):\n%s", diff)
		}
	}
}

// utc compares instants with their location.
var utc = cmp.Comparer(func(a, b time.Time) bool { return a == b })

// fill gives v a random value, of which nothing is lost when it is stored: an
// instant is in UTC and whole milliseconds, an empty slice is nil.
func fill(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if r.IntN(4) > 0 {
			v.Set(reflect.ValueOf(time.UnixMilli(r.Int64N(1<<43) - 1<<42).UTC()))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("bson") != "-" {
				fill(r, v.Field(i))
			}
		}
	case reflect.Pointer:
		if r.IntN(2) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i))
			}
		}
	case reflect.String:
		alphabet := []rune("aé«\u202f’œ–\u0301日本👩\U0010ffff\t\n\"\\$.%")
		text := make([]rune, r.IntN(10))
		for i := range text {
			text[i] = alphabet[r.IntN(len(alphabet))]
		}
		v.SetString(string(text))
	case reflect.Uint8:
		v.SetUint(uint64(r.IntN(256)))
	case reflect.Int, reflect.Int64:
		v.SetInt(r.Int64() >> r.IntN(64))
	case reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.Bool:
		v.SetBool(r.IntN(2) > 0)
	default:
		panic("a field of type " + v.Type().String())
	}
}

func TestWhatIsNotKept(t *testing.T) {
	paris := time.FixedZone("Paris", 2*60*60)
	data, err := document.Encode(&news.Story{
		StoryContent: news.StoryContent{Tags: []news.TagID{}},
		CreatedAt:    time.Date(2026, 7, 14, 10, 0, 0, 999_999, paris),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := document.Decode(news.KindStory, data)
	if err != nil {
		t.Fatal(err)
	}
	want := &news.Story{CreatedAt: time.Date(2026, 7, 14, 8, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, got, utc); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoListing(t *testing.T) {
	data, err := document.EncodeListing(nil)
	if data != nil || err != nil {
		t.Errorf("encoded: got %v, %v; want nil", data, err)
	}
	l, err := document.DecodeListing(nil)
	if l != nil || err != nil {
		t.Errorf("decoded: got %v, %v; want nil", l, err)
	}
}

func TestDecodeUnknownKind(t *testing.T) {
	data, err := document.Encode(new(news.Tag))
	if err != nil {
		t.Fatal(err)
	}
	if e, err := document.Decode("PODCAST", data); err == nil {
		t.Errorf("got %v, want an error", e)
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for i, e := range all() {
		fill(r, reflect.ValueOf(e).Elem())
		data, err := document.Encode(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), data)
	}
	kinds := allKinds()
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		kind := kinds[int(n)%len(kinds)]
		_, _ = document.DecodeListing(data)
		e, err := document.Decode(kind, data)
		if err != nil {
			return
		}
		// What was understood can be stored and is the same again, but for what
		// is not kept.
		again, err := document.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := document.Decode(kind, again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, got, utc, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
