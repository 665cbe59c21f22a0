package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// A door passes the commands of many clients on to a server, one at a time, so
// that no other sees one half done. Each client has a connection to the server
// of its own, where the server keeps its state.
type door struct {
	listener net.Listener
	dial     func() (net.Conn, error)
	turn     sync.Mutex // held while the server works
	serving  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	conns  map[net.Conn]bool
	closed bool
}

// openDoor lets clients in by listener, which then belongs to the door.
func openDoor(listener net.Listener, dial func() (net.Conn, error)) *door {
	d := &door{listener: listener, dial: dial, conns: map[net.Conn]bool{}}
	d.serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			d.serving.Go(func() { d.serve(client) })
		}
	})
	return d
}

// close ends all connections and waits until that is done.
func (d *door) close() {
	d.mu.Lock()
	d.closed = true
	for conn := range d.conns {
		_ = conn.Close()
	}
	d.mu.Unlock()
	_ = d.listener.Close()
	d.serving.Wait()
}

// keep notes conn to be closed with the door, and says whether there is still
// time for that.
func (d *door) keep(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[conn] = true
	return !d.closed
}

func (d *door) drop(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, conn)
	_ = conn.Close()
}

// serve passes messages on until one side hangs up. A client that can't be
// served sees its connection end, as it does when a server is gone.
func (d *door) serve(client net.Conn) {
	defer d.drop(client)
	if !d.keep(client) {
		return
	}
	server, err := d.dial()
	if err != nil {
		return
	}
	defer d.drop(server)
	if !d.keep(server) {
		return
	}
	requests, replies := bufio.NewReader(client), bufio.NewReader(server)
	for {
		request, err := readMessage(requests)
		if err != nil {
			return
		}
		reply, err := d.ask(server, replies, request)
		if err != nil {
			return
		}
		// FerretDB answers these too, and the driver would take the answer for
		// that of its next request.
		if moreToCome(request) {
			continue
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func (d *door) ask(server net.Conn, replies io.Reader, request []byte) ([]byte, error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return readMessage(replies)
}

// Of the MongoDB wire protocol: a message begins with its length, its ID, the
// ID of what it answers and its kind, and an OP_MSG goes on with its flags, all
// of them int32.
const (
	headerSize     = 16
	maxMessageSize = 48_000_000
	opMsg          = 2013
	moreToComeFlag = 1 << 1
)

// readMessage reads one message, whatever its kind, with its header.
func readMessage(r io.Reader) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(header[:])
	if size < headerSize || size > maxMessageSize {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	message := make([]byte, size)
	copy(message, header[:])
	_, err := io.ReadFull(r, message[headerSize:])
	return message, err
}

// moreToCome says whether the sender of message waits for no reply.
func moreToCome(message []byte) bool {
	return len(message) >= headerSize+4 &&
		binary.LittleEndian.Uint32(message[12:]) == opMsg &&
		binary.LittleEndian.Uint32(message[headerSize:])&moreToComeFlag != 0
}
