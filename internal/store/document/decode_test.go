package document_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// TestDirectly holds that whatever Encode writes is read without package bson: a
// field that is new in package news has to be told to decode.go too.
func TestDirectly(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		for _, want := range public() {
			fill(r, reflect.ValueOf(want).Elem())
			data, err := document.Encode(want)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := document.DecodeDirectly(want.Ref().Kind, data); !ok {
				t.Fatalf("%T is not understood:\n%s", want, bson.Raw(data))
			} else if diff := cmp.Diff(want, got, utc); diff != "" {
				t.Fatalf("%T (-want +got):\n%s", want, diff)
			}
		}
		want := new(news.Listing)
		fill(r, reflect.ValueOf(want).Elem())
		data, err := document.EncodeListing(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := document.DecodeListingDirectly(data); !ok {
			t.Fatalf("a listing is not understood:\n%s", bson.Raw(data))
		} else if diff := cmp.Diff(want, got, utc); diff != "" {
			t.Fatalf("listing (-want +got):\n%s", diff)
		}
	}
}

func TestDecodeBrief(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, e := range all() {
		fill(r, reflect.ValueOf(e).Elem())
		want := e
		if s, ok := e.(*news.Story); ok {
			s.Body = "the body"
			want = s.InBrief()
		}
		data, err := document.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		// A field that is not known makes package bson read it.
		var fields bson.D
		if err := bson.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		foreign, err := bson.Marshal(append(fields, bson.E{Key: "unknown", Value: 1}))
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"ours": data, "foreign": foreign} {
			got, body, err := document.DecodeBrief(e.Ref().Kind, data)
			if err != nil {
				t.Fatal(err)
			}
			if length := len("the body"); want != e && body != length || want == e && body != 0 {
				t.Errorf("%T, %s: %d bytes of body were left out", e, name, body)
			}
			if diff := cmp.Diff(want, got, utc); diff != "" {
				t.Errorf("%T, %s (-want +got):\n%s", e, name, diff)
			}
		}
	}
}

func TestNoBriefStoryIsEncoded(t *testing.T) {
	whole := &news.Story{StoryContent: news.StoryContent{Body: "the body"}}
	if data, err := document.Encode(whole.InBrief()); err == nil {
		t.Errorf("got %s, want an error", bson.Raw(data))
	}
}

// FuzzDirectly holds that package bson says the same of whatever is read without
// it.
func FuzzDirectly(f *testing.F) {
	kinds := news.Kinds()
	stories := uint8(slices.Index(kinds, news.KindStory))
	r := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		for i, e := range public() {
			fill(r, reflect.ValueOf(e).Elem())
			data, err := document.Encode(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), data)
		}
	}
	for _, doc := range []bson.D{
		{{Key: "tags", Value: bson.A{}}},
		{{Key: "tags", Value: bson.A{"a"}}, {Key: "tags", Value: bson.A{"b"}}},
		{{Key: "image", Value: bson.D{{Key: "url", Value: "a"}}}, {Key: "image", Value: bson.D{}}},
		{{Key: "version", Value: int64(1 << 40)}, {Key: "version", Value: 2.0}},
		{{Key: "title", Value: nil}},
		{{Key: "version", Value: -5}},
		{{Key: "version", Value: int64(-5)}},
		{{Key: "createdAt", Value: bson.DateTime(-5)}},
		{{Key: "corrections", Value: bson.A{bson.D{{Key: "at", Value: bson.DateTime(5)}}}}},
		{{Key: "retags", Value: bson.A{bson.D{{Key: "from", Value: "a"}}, bson.D{{Key: "beside", Value: true}}}}},
		{{Key: "retags", Value: bson.A{"a"}}},
		{{Key: "schedule", Value: bson.D{{Key: "at", Value: bson.DateTime(5)}, {Key: "zone", Value: nil}}}},
		{{Key: "schedule", Value: bson.A{}}, {Key: "embargoedUntil", Value: bson.DateTime(-5)}},
	} {
		data, err := bson.Marshal(doc)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stories, data)
	}
	for _, doc := range []string{
		"\x12\x00\x00\x00\x02title\x00\x02\x00\x00\x00a\x01\x00", // a string that does not end
		"\x10\x00\x00\x00\x08breaking\x00\x02\x00",               // neither true nor false
		"\x0f\x00\x00\x00\x08breaking\x00\x00",                   // no value
		"\x12\x00\x00\x00\x02title\x00\x00\x00\x00\x80a\x00\x00", // a length below zero
		"\x05\x00\x00\x00\x00\x00",                               // more than one document
	} {
		f.Add(stories, []byte(doc))
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		kind := kinds[int(n)%len(kinds)]
		if got, ok := document.DecodeDirectly(kind, data); ok {
			want, err := document.DecodeAny(kind, data)
			if err != nil {
				t.Fatalf("got %+v, want the error %v", got, err)
			}
			if diff := cmp.Diff(want, got, utc, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if got, ok := document.DecodeListingDirectly(data); ok {
			want := new(news.Listing)
			if err := bson.Unmarshal(data, want); err != nil {
				t.Fatalf("got %+v, want the error %v", got, err)
			}
			if diff := cmp.Diff(want, got, utc); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		}
	})
}

// BenchmarkDecode measures the story of a news agency, directly and by package
// bson.
func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	e := new(news.Story)
	fill(r, reflect.ValueOf(e).Elem())
	e.Body = string(make([]byte, 3000))
	data, err := document.Encode(e)
	if err != nil {
		b.Fatal(err)
	}
	brief := func(kind news.Kind, data []byte) (news.Entity, error) {
		e, _, err := document.DecodeBrief(kind, data)
		return e, err
	}
	for _, row := range []struct {
		name   string
		decode func(news.Kind, []byte) (news.Entity, error)
	}{
		{"whole", document.Decode}, {"brief", brief}, {"bson", document.DecodeAny},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := row.decode(news.KindStory, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
