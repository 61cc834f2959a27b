package main

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

func frames(t *testing.T, sent ...ws.Frame) []byte {
	t.Helper()
	var stream bytes.Buffer
	for _, frame := range sent {
		if err := ws.WriteFrame(&stream, frame); err != nil {
			t.Fatal(err)
		}
	}
	return stream.Bytes()
}

// cutUp pushes the stream in pieces of the given size and returns all that comes out, as text.
func cutUp(t *testing.T, stream []byte, size int) []string {
	t.Helper()
	var in inbound
	var got []string
	for ; len(stream) > 0; stream = stream[min(size, len(stream)):] {
		in.push(stream[:min(size, len(stream))])
		for {
			code, text, whole, err := in.next()
			if err != nil {
				t.Fatal(err)
			}
			if !whole {
				break
			}
			got = append(got, string(rune('0'+code))+string(text))
		}
	}
	return got
}

func TestMessagesComeOutWholeHoweverTheirBytesArrive(t *testing.T) {
	long := strings.Repeat("long", 20_000)
	stream := frames(t,
		ws.NewTextFrame([]byte("one")),
		ws.NewTextFrame(nil),
		ws.NewTextFrame([]byte(long)),
		ws.NewFrame(ws.OpText, false, []byte("in ")),
		ws.NewPingFrame([]byte("alive?")),
		ws.NewFrame(ws.OpContinuation, false, []byte("three ")),
		ws.NewFrame(ws.OpContinuation, true, []byte("parts")),
		ws.NewCloseFrame(nil),
	)
	want := []string{"1one", "1", "1" + long, "9alive?", "1in three parts", "8"}
	for _, size := range []int{1, 2, 3, 7, 1_000, len(stream)} {
		if got := cutUp(t, stream, size); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %d messages", size, len(got))
		}
	}
}

func TestAMessageBeyondTheLimitIsNotCollected(t *testing.T) {
	var in inbound
	in.push(frames(t, ws.NewTextFrame(make([]byte, messageMax+1)))[:20])
	if _, _, _, err := in.next(); !errors.Is(err, errTooLong) {
		t.Errorf("one frame: %v", err)
	}
	in = inbound{}
	in.push(frames(t, ws.NewFrame(ws.OpText, false, make([]byte, messageMax)),
		ws.NewFrame(ws.OpContinuation, true, make([]byte, 1))))
	if _, _, _, err := in.next(); !errors.Is(err, errTooLong) {
		t.Errorf("many frames: %v", err)
	}
}
