package main

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/gobwas/ws"
)

// messageMax is the longest message taken from the server, in bytes; a snapshot is far smaller.
const messageMax = 1 << 20

var errTooLong = errors.New("message too long")

// errClosed is a close frame of the server.
type errClosed struct {
	code ws.StatusCode
}

func (e errClosed) Error() string {
	return strconv.Itoa(int(e.code))
}

// inbound cuts the bytes of one socket into messages. It does no I/O.
type inbound struct {
	waiting []byte // bytes that were pushed and not yet cut
	at      int    // where in waiting the next frame starts
	partial []byte // the fragments so far of a message sent in several frames
}

// push adds bytes that have arrived. It invalidates what next has returned.
func (in *inbound) push(text []byte) {
	if in.at > 0 {
		in.waiting = append(in.waiting[:0], in.waiting[in.at:]...)
		in.at = 0
	}
	in.waiting = append(in.waiting, text...)
}

// next gives the next text message or control frame; false when more bytes are needed.
func (in *inbound) next() (ws.OpCode, []byte, bool, error) {
	for {
		header, payload, whole, err := in.cut()
		if err != nil || !whole {
			return 0, nil, false, err
		}
		if header.OpCode.IsControl() || header.Fin && header.OpCode != ws.OpContinuation {
			return header.OpCode, payload, true, nil
		}
		if header.OpCode != ws.OpContinuation {
			in.partial = in.partial[:0]
		}
		if in.partial = append(in.partial, payload...); len(in.partial) > messageMax {
			return 0, nil, false, errTooLong
		}
		if header.Fin {
			return ws.OpText, in.partial, true, nil
		}
	}
}

// cut takes one frame off the waiting bytes, if it is there in full.
func (in *inbound) cut() (ws.Header, []byte, bool, error) {
	reader := bytes.NewReader(in.waiting[in.at:])
	header, err := ws.ReadHeader(reader)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return header, nil, false, nil
	}
	if err != nil {
		return header, nil, false, err
	}
	if header.Length > messageMax {
		return header, nil, false, errTooLong
	}
	if int64(reader.Len()) < header.Length {
		return header, nil, false, nil
	}
	start := len(in.waiting) - reader.Len()
	in.at = start + int(header.Length)
	return header, in.waiting[start:in.at], true, nil
}
