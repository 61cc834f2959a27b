package main

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/gobwas/ws"
)

// Why a bid was never sent. Server codes are upper case, so these cannot be mistaken for one.
const (
	faultClosed    = "socket closed"
	faultThrottled = "generator late" // catching up would pass the limit of frames a second
)

// carrier takes bids to the server over one transport. All its methods are called by one goroutine,
// and only they touch the ledger.
type carrier interface {
	// open makes ready to send. A user who cannot be connected is counted, not an error: the bids
	// that would be his fail one by one.
	open(ctx context.Context) error
	// offer sends a bid without waiting for its answer.
	offer(b bid)
	// poll notes the answers that have come, without waiting for more.
	poll()
	// close ends everything the carrier started.
	close()
}

// cause names an error shortly and without addresses, so that equal ones are counted together.
func cause(err error) string {
	var closed errClosed
	var status ws.StatusError
	var number syscall.Errno
	var timeout net.Error
	switch {
	case errors.As(err, &closed):
		return closed.Error()
	case errors.As(err, &status):
		return "handshake " + status.Error()
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "no close frame"
	}
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1:]
}
