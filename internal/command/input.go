package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// An input is what a command reads: a file or standard input.
type input struct {
	io.Reader
	name  string
	size  int64 // -1 where it is not known
	close func() error
	count *counter
}

// open opens a file; "-" is standard input.
func open(ctx context.Context, e Env, name string) (*input, error) {
	in := &input{name: name, size: -1}
	if name == "-" {
		in.name = "standard input"
		r := interruptible(ctx, e.Stdin)
		in.Reader, in.close = r, r.Close
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in.Reader, in.close = f, f.Close
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			in.size = info.Size()
		}
	}
	in.count = &counter{r: in.Reader}
	in.Reader = in.count
	return in, nil
}

// whole reads all of the input, which may have up to most bytes.
func (in *input) whole(most int64) (string, error) {
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", in.name, err)
	}
	if int64(len(text)) > most {
		return "", fmt.Errorf("%s is larger than %d bytes", in.name, most)
	}
	return string(text), nil
}

// A counter counts what is read. The count may be asked for while it is read.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// interruptible reads r until ctx ends, also while r has nothing to give. A Read
// of r may then stay behind until the process ends.
func interruptible(ctx context.Context, r io.Reader) io.ReadCloser {
	pr, pw := io.Pipe()
	context.AfterFunc(ctx, func() { pw.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(pw, r)
		pw.CloseWithError(err)
	}()
	return pr
}
