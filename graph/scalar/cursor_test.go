package scalar_test

import (
	"errors"
	"testing"
	"time"

	"depeche/graph/scalar"
	"depeche/internal/news"
)

func FuzzPageCursor(f *testing.F) {
	for _, p := range []news.PageCursor{
		{List: news.KindStory, At: time.UnixMilli(1772442026000), ID: "story_1"},
		{List: news.KindTag, Name: "le sénat d’été", ID: "tag_1"},
		{List: news.KindTickerEntry, At: time.UnixMilli(-5), ID: "t"},
		{List: news.KindServiceToken, At: time.UnixMilli(1772442026000), ID: "token_1"},
		{List: news.KindWebhook, At: time.UnixMilli(1772442026000), ID: "hook_1"},
	} {
		f.Add(string(scalar.OfPage(p)))
	}
	f.Add("bCBlcG9jaCAx")
	f.Add("")
	f.Add("!")
	f.Fuzz(func(t *testing.T, text string) {
		c := scalar.Cursor(text)
		p, err := scalar.PageCursor("after", &c)
		if err != nil {
			if !errors.Is(err, news.ErrBadCursor) {
				t.Errorf("%q: got %v, want a bad cursor", text, err)
			}
			return
		}
		again := scalar.OfPage(*p)
		q, err := scalar.PageCursor("after", &again)
		if err != nil || *q != *p {
			t.Errorf("%q is %+v, which comes back as %+v, %v", text, p, q, err)
		}
	})
}

func FuzzLogCursor(f *testing.F) {
	f.Add(string(scalar.OfLog(news.LogCursor{Epoch: "EPOCH", Seq: 4711})))
	f.Add(string(scalar.OfPage(news.PageCursor{List: news.KindStory})))
	f.Add("bCBlcG9jaCAtMQ")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c := scalar.Cursor(text)
		l, err := scalar.LogCursor("after", &c)
		if err != nil {
			if !errors.Is(err, news.ErrBadCursor) {
				t.Errorf("%q: got %v, want a bad cursor", text, err)
			}
			return
		}
		again := scalar.OfLog(*l)
		m, err := scalar.LogCursor("after", &again)
		if err != nil || *m != *l || l.Seq < 0 {
			t.Errorf("%q is %+v, which comes back as %+v, %v", text, l, m, err)
		}
	})
}

func FuzzRevisionCursor(f *testing.F) {
	f.Add(string(scalar.OfRevision("story_1", 4711)))
	f.Add(string(scalar.OfRevision("story_2", 1)))
	f.Add(string(scalar.OfPage(news.PageCursor{List: news.KindStory, ID: "story_1"})))
	f.Add("ciAwIHN0b3J5XzE") // version 0
	f.Add("ciAtMSBzdG9yeV8x")
	f.Add("ciAx")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c := scalar.Cursor(text)
		version, err := scalar.RevisionCursor("after", "story_1", &c)
		if err != nil {
			if !errors.Is(err, news.ErrBadCursor) {
				t.Errorf("%q: got %v, want a bad cursor", text, err)
			}
			return
		}
		again := scalar.OfRevision("story_1", version)
		same, err := scalar.RevisionCursor("after", "story_1", &again)
		if err != nil || same != version || version < 1 {
			t.Errorf("%q is version %d, which comes back as %d, %v", text, version, same, err)
		}
	})
}

func TestNoCursorIsNoPlace(t *testing.T) {
	if v, err := scalar.RevisionCursor("after", "story_1", nil); v != 0 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	if p, err := scalar.PageCursor("after", nil); p != nil || err != nil {
		t.Errorf("got %v, %v", p, err)
	}
	if l, err := scalar.LogCursor("after", nil); l != nil || err != nil {
		t.Errorf("got %v, %v", l, err)
	}
}

func FuzzDateTime(f *testing.F) {
	for _, seed := range []string{"2025-07-09T11:27:00+02:00", "2025-07-09T09:27:00.123456Z", "yesterday", "", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := scalar.UnmarshalDateTime(text)
		if err != nil {
			if !errors.Is(err, news.ErrInvalid) {
				t.Errorf("%q: got %v, want an invalid input", text, err)
			}
			return
		}
		if at != news.Instant(at) || at.Year() < 1 || at.Year() > 9999 {
			t.Errorf("%q is %v", text, at)
		}
	})
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://example.org/", "javascript:alert(1)", "//host", "https://", "http://[::1", "HTTP://EXAMPLE.ORG"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := scalar.UnmarshalURL(text)
		if err == nil && string(u) != text || err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%q: got %q, %v", text, u, err)
		}
	})
}
