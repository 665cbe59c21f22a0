package transport

import (
	"iter"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
)

// accepted is the media type in which a request with these Accept headers is
// answered; ok is false where it takes none of those that there are. Who names
// neither gets plain JSON, which every client has always been able to read.
func accepted(lines []string) (mediaType string, ok bool) {
	if len(lines) == 0 {
		return typeJSON, true
	}
	if len(lines) == 1 { // what nearly all clients send
		switch lines[0] {
		case "", "*/*", typeJSON:
			return typeJSON, true
		case typeResponse:
			return typeResponse, true
		}
	}
	var plain, own preference
	for name, weight := range weighted(lines) {
		switch {
		case strings.EqualFold(name, typeJSON):
			plain.take(byName, weight)
		case strings.EqualFold(name, typeResponse):
			own.take(byName, weight)
		case strings.EqualFold(name, "application/*"):
			plain.take(byRange, weight)
			own.take(byRange, weight)
		case name == "*/*":
			plain.take(byAny, weight)
			own.take(byAny, weight)
		}
	}
	if own.weight > plain.weight || own.weight == plain.weight && own.weight > 0 && own.by == byName {
		return typeResponse, true
	}
	return typeJSON, plain.weight > 0
}

// How exactly something is named. RFC 9110, section 12.5.1: what names it more
// exactly counts.
const (
	byAny = iota + 1
	byRange
	byName
)

// A preference is how much a client would like something; the zero one: not at all.
type preference struct{ by, weight int }

func (p *preference) take(by, weight int) {
	if by > p.by || by == p.by && weight > p.weight {
		*p = preference{by, weight}
	}
}

// The content codings of answers.
const (
	codingGzip = "gzip"
	codingZstd = "zstd"
)

// acceptedCoding is the content coding for who sends these Accept-Encoding headers,
// empty for none. RFC 9110, section 12.5.3.
func acceptedCoding(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	var packed, dense, none preference
	for name, weight := range weighted(lines) {
		switch {
		case strings.EqualFold(name, codingGzip), strings.EqualFold(name, "x-gzip"):
			packed.take(byName, weight)
		case strings.EqualFold(name, codingZstd):
			dense.take(byName, weight)
		case strings.EqualFold(name, "identity"):
			none.take(byName, weight)
		case name == "*":
			packed.take(byAny, weight)
			dense.take(byAny, weight)
		}
	}
	switch {
	case max(packed.weight, dense.weight) < max(none.weight, 1):
		return ""
	case dense.weight >= packed.weight:
		return codingZstd
	}
	return codingGzip
}

// weighted goes through the elements of a list header with their weights, in
// thousandths. What is no weight is passed over.
func weighted(lines []string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for _, line := range lines {
			for element := range strings.SplitSeq(line, ",") {
				name, parameters, _ := strings.Cut(element, ";")
				if name = strings.TrimSpace(name); name != "" && !yield(name, weightOf(parameters)) {
					return
				}
			}
		}
	}
}

const fullWeight = 1000

func weightOf(parameters string) int {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
			return int(q * fullWeight)
		}
	}
	return fullWeight
}
