package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gobwas/ws"
)

// tally counts what happens to the sockets of a run.
type tally struct {
	frames atomic.Int64 // text messages read after opening
	bytes  atomic.Int64

	mutex  sync.Mutex
	opened int
	failed map[string]int // why sockets could not be opened
	ended  map[string]int // how sockets ended before we closed them, by close code
}

func newTally() *tally {
	return &tally{failed: map[string]int{}, ended: map[string]int{}}
}

func (t *tally) count(bytes int) {
	t.frames.Add(1)
	t.bytes.Add(int64(bytes))
}

func (t *tally) openedOne(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if err != nil {
		t.failed[cause(err)]++
		return
	}
	t.opened++
}

func (t *tally) closed(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.ended[cause(err)]++
}

// cause names an error shortly and without addresses, so that equal ones are counted together.
func cause(err error) string {
	var closed errClosed
	var status ws.StatusError
	var timeout net.Error
	switch {
	case errors.As(err, &closed):
		return closed.Error()
	case errors.As(err, &status):
		return "handshake " + status.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "no close frame"
	}
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1:]
}
