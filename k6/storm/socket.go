package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

const (
	messageMax   = 1 << 20 // bytes; a snapshot is far smaller
	readBuffer   = 4 << 10 // bytes
	writeTimeout = 250 * time.Millisecond
)

// socket is one signed-in user's WebSocket. One goroutine sends its bids, another reads; they share
// only the ledger and, for pongs, the connection, whose writes are whole frames.
type socket struct {
	index, sockets int // its bids are index, index + sockets, index + 2·sockets, …
	ledger         *ledger
	names          keys
	tally          *tally
	conn           net.Conn
	reader         *bufio.Reader
	down           atomic.Bool
	throttle       throttle
	payload        []byte       // the text being sent
	frame          bytes.Buffer // the same as a frame
	message        []byte       // the text being read
}

// errClosed is a close frame of the server.
type errClosed struct {
	code ws.StatusCode
}

func (e errClosed) Error() string {
	return strconv.Itoa(int(e.code))
}

// welcome is what a socket needs to be let in.
type welcome struct {
	url, origin, token string
	watch              int64 // the auction to watch; 0 = none
}

// open connects and authenticates, and subscribes if asked. It returns what kept it from that.
func (s *socket) open(ctx context.Context, w welcome) error {
	dialer := ws.Dialer{
		Timeout: requestTimeout,
		Header:  ws.HandshakeHeaderHTTP(http.Header{"Origin": []string{w.origin}}),
	}
	conn, early, _, err := dialer.Dial(ctx, w.url)
	if err != nil {
		return err
	}
	s.conn, s.reader = conn, bufio.NewReaderSize(conn, readBuffer)
	if early != nil {
		s.reader = early
	}
	if err := s.enter(w); err != nil {
		conn.Close()
		return err
	}
	return nil
}

func (s *socket) enter(w welcome) error {
	s.conn.SetReadDeadline(time.Now().Add(requestTimeout))
	defer s.conn.SetReadDeadline(time.Time{})
	s.payload = appendAuth(s.payload[:0], w.token)
	if err := s.ask("welcome"); err != nil || w.watch == 0 {
		return err
	}
	s.payload = appendSubscribe(s.payload[:0], w.watch)
	return s.ask("subscribed")
}

// ask sends the payload and waits for its answer. Pushes that come before it are dropped.
func (s *socket) ask(kind string) error {
	if err := s.send(); err != nil {
		return err
	}
	for {
		text, err := s.next()
		if err != nil {
			return err
		}
		got := readAnswer(text)
		if string(got.kind) == kind {
			return nil
		}
		if string(got.kind) == "error" {
			return fmt.Errorf("error %s", got.code)
		}
	}
}

// offer sends a bid, or notes in the ledger why it was not sent. It does not wait: at the sizes and
// rates of bids the kernel's buffers have room for minutes, so a write that blocks means that the
// server has stopped reading this socket.
func (s *socket) offer(b bid) {
	if s.down.Load() {
		s.ledger.markFault(b.n, []byte(faultClosed))
		return
	}
	if !s.throttle.allow(time.Now()) {
		s.ledger.markFault(b.n, []byte(faultThrottled))
		return
	}
	s.payload = appendBid(s.payload[:0], firstBidID+b.n/s.sockets, b, s.names)
	s.ledger.markSent(b.n)
	if err := s.send(); err != nil {
		s.fell(err)
		s.conn.Close()
	}
}

// send writes the payload as one masked text frame, in one write.
func (s *socket) send() error {
	s.frame.Reset()
	if err := writeMasked(&s.frame, ws.OpText, s.payload); err != nil {
		return err
	}
	s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := s.conn.Write(s.frame.Bytes())
	return err
}

// writeMasked scrambles payload in place.
func writeMasked(frame *bytes.Buffer, code ws.OpCode, payload []byte) error {
	bits := rand.Uint32()
	mask := [4]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)}
	ws.Cipher(payload, mask, 0)
	header := ws.Header{Fin: true, OpCode: code, Masked: true, Mask: mask, Length: int64(len(payload))}
	if err := ws.WriteHeader(frame, header); err != nil {
		return err
	}
	_, err := frame.Write(payload)
	return err
}

// read takes frames until the socket ends, and notes in the ledger what they say of its bids.
func (s *socket) read() {
	for {
		text, err := s.next()
		if err != nil {
			s.fell(err)
			s.conn.Close()
			return
		}
		s.tally.count(len(text))
		s.take(readAnswer(text))
	}
}

func (s *socket) take(a answer) {
	if string(a.kind) == "error" {
		if n := (a.re-firstBidID)*s.sockets + s.index; a.re >= firstBidID && n < s.ledger.bids {
			s.ledger.markFault(n, a.code)
		}
		return
	}
	n, ours := s.names.number(a.key)
	if !ours || n >= s.ledger.bids || n%s.sockets != s.index {
		return
	}
	switch string(a.kind) {
	case "bid.received":
		s.ledger.markReceived(n)
	case "bid.result":
		s.ledger.markOutcome(n, a.status, a.detail())
	case "bid.unknown":
		s.ledger.unknown.Add(1)
	case "bid.refused":
		s.ledger.refused.Add(1)
		s.ledger.markFault(n, a.code)
	}
}

// next gives the next text message, valid until the next call. It answers pings, and turns a close
// frame into errClosed.
func (s *socket) next() ([]byte, error) {
	s.message = s.message[:0]
	for {
		header, err := ws.ReadHeader(s.reader)
		if err != nil {
			return nil, err
		}
		start := len(s.message)
		if header.Length > int64(messageMax-start) {
			return nil, errors.New("message too long")
		}
		s.message = extend(s.message, int(header.Length))
		if _, err := io.ReadFull(s.reader, s.message[start:]); err != nil {
			return nil, err
		}
		if header.OpCode.IsControl() {
			if err := s.control(header.OpCode, s.message[start:]); err != nil {
				return nil, err
			}
			s.message = s.message[:start]
		} else if header.Fin {
			return s.message, nil
		}
	}
}

func extend(text []byte, by int) []byte {
	if cap(text)-len(text) < by {
		text = append(make([]byte, 0, 2*(len(text)+by)), text...)
	}
	return text[:len(text)+by]
}

func (s *socket) control(code ws.OpCode, payload []byte) error {
	switch code {
	case ws.OpPing:
		var pong bytes.Buffer
		if err := writeMasked(&pong, ws.OpPong, payload); err != nil {
			return err
		}
		_, err := s.conn.Write(pong.Bytes())
		return err
	case ws.OpClose:
		status, _ := ws.ParseCloseFrameData(payload)
		return errClosed{code: status}
	}
	return nil
}

// fell notes once why the socket can be used no more.
func (s *socket) fell(err error) {
	if s.down.CompareAndSwap(false, true) {
		s.tally.closed(err)
	}
}

// leave says good-bye; the reader ends when the server has answered, or at the deadline.
func (s *socket) leave(deadline time.Time) {
	if s.down.CompareAndSwap(false, true) {
		s.conn.SetDeadline(deadline)
		s.conn.Write(ws.MustCompileFrame(ws.MaskFrameInPlace(
			ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")))))
	}
}
