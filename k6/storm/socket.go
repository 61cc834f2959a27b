package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/gobwas/ws"
)

// socket is one signed-in user's WebSocket. It is opened on a net.Conn; after that it is a bare,
// non-blocking descriptor, which its owner reads when it has something to say.
type socket struct {
	fd       int
	coming   bool  // it is not open yet, and will be
	waiting  []bid // due while it was coming
	down     bool  // nothing more can be sent or read
	leaving  bool  // we have said good-bye: its end is no fault
	lastID   int   // of the frames that opened it
	deferred int   // how often it was told "later" meanwhile
	throttle throttle
	inbound  inbound
	payload  []byte       // the text being sent
	frame    bytes.Buffer // the same as a frame
}

// welcome is what a socket needs to be let in.
type welcome struct {
	url, origin, token string
	watch              int64 // the auction to watch; 0 = none
}

// open connects, authenticates, and subscribes if asked. It returns what kept it from that.
func (s *socket) open(ctx context.Context, w welcome) error {
	dialer := ws.Dialer{
		Timeout: requestTimeout,
		Header:  ws.HandshakeHeaderHTTP(http.Header{"Origin": []string{w.origin}}),
	}
	conn, early, _, err := dialer.Dial(ctx, w.url)
	if err != nil {
		return err
	}
	defer conn.Close()
	if early != nil {
		text, _ := early.Peek(early.Buffered())
		s.inbound.push(text)
	}
	conn.SetDeadline(time.Now().Add(requestTimeout))
	if err := s.enter(conn, w); err != nil {
		return err
	}
	s.fd, err = descriptor(conn)
	return err
}

// descriptor gives a descriptor of the connection that outlives it. It is out of the runtime's
// poller, whose wake-ups for every single frame cost more than reading the frames.
func descriptor(conn net.Conn) (int, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0, errors.New("only plain ws:// is spoken")
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	var copied uintptr
	var number syscall.Errno
	err = raw.Control(func(fd uintptr) {
		copied, _, number = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && number != 0 {
		err = number
	}
	return int(copied), err
}

func (s *socket) enter(conn net.Conn, w welcome) error {
	auth := func(id int) { s.payload = appendAuth(s.payload[:0], id, w.token) }
	if err := s.askAgain(conn, "welcome", auth); err != nil || w.watch == 0 {
		return err
	}
	subscribe := func(id int) { s.payload = appendSubscribe(s.payload[:0], id, w.watch) }
	return s.askAgain(conn, "subscribed", subscribe)
}

// askAgain asks until the answer is another than "later" (BUSY), as a page does; after outcomeGrace
// that is refused, too. Each question has an id of its own.
func (s *socket) askAgain(conn net.Conn, kind string, write func(id int)) error {
	until := time.Now().Add(outcomeGrace)
	for {
		s.lastID++
		write(s.lastID)
		err := s.ask(conn, kind)
		var later errLater
		if !errors.As(err, &later) || s.lastID == firstBidID-1 || time.Now().After(until) {
			return err
		}
		s.deferred++
		time.Sleep(later.wait)
	}
}

// errLater is an error that says when to ask again.
type errLater struct {
	code string
	wait time.Duration
}

func (e errLater) Error() string { return "error " + e.code }

const retryWait = 500 * time.Millisecond // when the answer does not say

// ask sends the payload and waits for its answer. Pushes that come before it are dropped.
func (s *socket) ask(conn net.Conn, kind string) error {
	s.scramble(ws.OpText)
	if _, err := conn.Write(s.frame.Bytes()); err != nil {
		return err
	}
	chunk := make([]byte, 4<<10)
	for {
		code, text, whole, err := s.inbound.next()
		if err != nil {
			return err
		}
		if !whole {
			size, err := conn.Read(chunk)
			if err != nil {
				return err
			}
			s.inbound.push(chunk[:size])
			continue
		}
		if code == ws.OpClose {
			return closeCode(text)
		}
		if got := readAnswer(text); string(got.kind) == kind {
			return nil
		} else if string(got.kind) == "error" {
			return got.refusal()
		}
	}
}

// send writes the payload as one frame. It does not wait: at the sizes and rates of bids the
// kernel's buffers have room for minutes, so a write that would block means that the server has
// stopped reading this socket.
func (s *socket) send(code ws.OpCode) error {
	s.scramble(code)
	size, err := syscall.Write(s.fd, s.frame.Bytes())
	if err == nil && size < s.frame.Len() {
		return syscall.EAGAIN
	}
	return err
}

// scramble makes of the payload, which it destroys, a masked frame.
func (s *socket) scramble(code ws.OpCode) {
	bits := rand.Uint32()
	mask := [4]byte{byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)}
	ws.Cipher(s.payload, mask, 0)
	s.frame.Reset()
	// Neither can fail: a bytes.Buffer takes everything, and no frame of ours is too long.
	ws.WriteHeader(&s.frame, ws.Header{
		Fin: true, OpCode: code, Masked: true, Mask: mask, Length: int64(len(s.payload)),
	})
	s.frame.Write(s.payload)
}

// read takes what has arrived, at most a chunk, and calls take with each message. It answers pings.
func (s *socket) read(chunk []byte, take func(text []byte)) error {
	size, err := syscall.Read(s.fd, chunk)
	if err == syscall.EAGAIN {
		return nil
	}
	if err != nil {
		return err
	}
	if size == 0 {
		return errClosed{code: ws.StatusAbnormalClosure}
	}
	s.inbound.push(chunk[:size])
	for {
		code, text, whole, err := s.inbound.next()
		if err != nil || !whole {
			return err
		}
		switch code {
		case ws.OpText:
			take(text)
		case ws.OpClose:
			return closeCode(text)
		case ws.OpPing:
			s.payload = append(s.payload[:0], text...)
			if err := s.send(ws.OpPong); err != nil {
				return err
			}
		}
	}
}

// refusal is the error that the answer is.
func (a answer) refusal() error {
	if !a.retry {
		return fmt.Errorf("error %s", a.code)
	}
	wait := a.retryAfter
	if wait == 0 {
		wait = retryWait
	}
	return errLater{code: string(a.code), wait: wait}
}

func closeCode(payload []byte) errClosed {
	code, _ := ws.ParseCloseFrameData(payload)
	return errClosed{code: code}
}

// leave says good-bye; the server's answer, or its silence, ends the socket.
func (s *socket) leave() error {
	s.leaving = true
	s.payload = append(s.payload[:0], ws.NewCloseFrameBody(ws.StatusNormalClosure, "")...)
	return s.send(ws.OpClose)
}
