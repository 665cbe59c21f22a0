package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// An answer is the head of an HTTP response, read as it comes. The zero value has
// nothing yet.
type answer struct {
	status  int
	length  int // of the body, without its framing
	head    int // bytes of the head, the empty line included; 0 while it is not complete
	chunked bool
	at      int // where the next chunk begins
}

var (
	blankLine     = []byte("\r\n\r\n")
	contentLength = []byte("content-length")
	transfer      = []byte("transfer-encoding")
)

// parse reads on in text, which begins where it did and has become longer, and
// tells whether the response is complete.
func (a *answer) parse(text []byte) (done bool, err error) {
	if a.head == 0 {
		end := bytes.Index(text, blankLine)
		if end < 0 {
			return false, nil
		}
		if err := a.readHead(text[:end]); err != nil {
			return false, err
		}
		a.head = end + len(blankLine)
		a.at = a.head
	}
	if a.chunked {
		return a.readChunks(text)
	}
	if len(text) > a.head+a.length {
		return false, errors.New("the server says more than was asked")
	}
	return len(text) == a.head+a.length, nil
}

func (a *answer) readHead(head []byte) (err error) {
	const version = "HTTP/1.1 "
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if len(line) < len(version)+3 || string(line[:len(version)]) != version {
		return fmt.Errorf("read an answer: it begins with %.60q", line)
	}
	if a.status, err = strconv.Atoi(string(line[len(version) : len(version)+3])); err != nil {
		return fmt.Errorf("read a status: %w", err)
	}
	known := false
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(name) == len(contentLength) && bytes.EqualFold(name, contentLength):
			if a.length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || a.length < 0 {
				return fmt.Errorf("read the length of an answer: %q", value)
			}
			known = true
		case len(name) == len(transfer) && bytes.EqualFold(name, transfer):
			a.chunked, known = true, true
		}
	}
	if !known {
		return fmt.Errorf("an answer without a length: %.200q", head)
	}
	return nil
}

// readChunks reads a body in chunks (RFC 9112, section 7.1), without trailers.
func (a *answer) readChunks(text []byte) (done bool, err error) {
	for {
		line, _, whole := bytes.Cut(text[a.at:], []byte("\r\n"))
		if !whole {
			return false, nil
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return false, fmt.Errorf("read a chunk: %w", err)
		}
		end := a.at + len(line) + 2 + int(size) + 2
		if len(text) < end {
			return false, nil
		}
		a.at = end
		a.length += int(size)
		if size == 0 {
			if len(text) > end {
				return false, errors.New("the server says more than was asked")
			}
			return true, nil
		}
	}
}

// An Answer is a whole response.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Ask sends one request and returns its answer.
func Ask(ctx context.Context, address string, request []byte) (*Answer, error) {
	c, err := Dial(address, 1)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.Each(ctx, []Request{{Text: request}}); err != nil {
		return nil, err
	}
	k := &c.conns[0]
	whole := Answer{Status: k.answer.status, Header: http.Header{}}
	_, fields, _ := bytes.Cut(k.in[:k.answer.head-len(blankLine)], []byte("\r\n"))
	for line := range bytes.SplitSeq(fields, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		whole.Header.Add(string(name), string(bytes.TrimSpace(value)))
	}
	whole.Body = k.body()
	return &whole, nil
}

// body is the body of the answer that is there, without its framing.
func (k *conn) body() []byte {
	text := k.in[k.answer.head:]
	if !k.answer.chunked {
		return text
	}
	var body []byte
	for {
		line, rest, _ := bytes.Cut(text, []byte("\r\n"))
		size, _ := strconv.ParseUint(string(line), 16, 31) // parse has read it before
		if size == 0 {
			return body
		}
		body = append(body, rest[:size]...)
		text = rest[size+2:]
	}
}
