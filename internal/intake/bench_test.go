package intake_test

import (
	"io"
	"testing"
	"time"

	"depeche/internal/intake"
	"depeche/internal/news"
)

// streamed is an archive of n stories that is made while it is read.
func streamed(n int) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		for line := range stories(n) {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
		w.Close()
	}()
	return r
}

// bring brings n stories into an empty store, and tells how long it took.
func bring(t testing.TB, n int) time.Duration {
	t.Helper()
	r := newRoom(t)
	archive := streamed(n)
	defer archive.Close()
	start := time.Now()
	sum, err := intake.ImportNDJSON(t.Context(), r.desk, r.store, importer(), archive, intake.NDJSONOptions{Strict: true})
	if err != nil || sum.Added[news.KindStory] != n {
		t.Fatalf("got %+v, %v", sum, err)
	}
	return time.Since(start)
}

// BenchmarkImportNDJSON brings in 10,000 stories of 3 kB, and BenchmarkImportKnown
// 10,000 that are there already.
func BenchmarkImportNDJSON(b *testing.B) {
	const n = 10_000
	var took time.Duration
	for b.Loop() {
		took += bring(b, n)
	}
	b.ReportMetric(float64(n*b.N)/took.Seconds(), "stories/s")
}

func BenchmarkImportKnown(b *testing.B) {
	const n = 10_000
	r := newRoom(b)
	again := func() {
		archive := streamed(n)
		defer archive.Close()
		if sum, err := intake.ImportNDJSON(b.Context(), r.desk, r.store, importer(), archive, intake.NDJSONOptions{}); err != nil || sum.Lines != n {
			b.Fatalf("got %+v, %v", sum, err)
		}
	}
	again()
	b.ResetTimer()
	for b.Loop() {
		again()
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "stories/s")
}

func BenchmarkExport(b *testing.B) {
	const n = 10_000
	r := newRoom(b)
	archive := streamed(n)
	defer archive.Close()
	if _, err := intake.ImportNDJSON(b.Context(), r.desk, r.store, importer(), archive, intake.NDJSONOptions{}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		if err := intake.Export(b.Context(), r.store, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "stories/s")
}
