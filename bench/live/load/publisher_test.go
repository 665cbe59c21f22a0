package load

import "testing"

func TestAnswer(t *testing.T) {
	for _, row := range []struct {
		name, text string
		size       int
		ok         bool
	}{
		{"none yet", "", 0, true},
		{"a part of the head", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", 0, true},
		{"a part of the body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", 0, true},
		{"an answer", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1", 40, true},
		{"no body", "HTTP/1.1 200 OK\r\n\r\n", 19, true},
		{"refused", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 0, false},
		{"errors", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n" + `{"errors":[]}`, 0, false},
	} {
		if size, err := answer([]byte(row.text)); size != row.size || (err == nil) != row.ok {
			t.Errorf("%s: got %d, %v, want %d, ok %t", row.name, size, err, row.size, row.ok)
		}
	}
}
