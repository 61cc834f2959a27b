package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

func TestTheLadderBeatsThePriceByTheStepOfTheTable(t *testing.T) {
	steps := map[int64]int64{
		1_000: 100, 9_999: 100, 10_000: 1_000, 49_999: 1_000, 50_000: 2_500, 100_000: 5_000,
		500_000: 10_000, 5_000_000: 50_000, 49_999_999: 50_000, 50_000_000: 500_000, 1e12: 500_000,
	}
	for price, step := range steps {
		if got := krwStep(price); got != step {
			t.Errorf("step at %d: %d, not %d", price, got, step)
		}
	}
	l := newLadder()
	last := l.climb()
	if last != startingPrice {
		t.Errorf("first amount %d", last)
	}
	for range ladderBidsMax - 1 {
		amount := l.climb()
		if amount != last+krwStep(last) {
			t.Fatalf("%d after %d", amount, last)
		}
		last = amount
	}
	if last > 1e12 {
		t.Errorf("the ladder leaves the bounds of money: %d", last)
	}
}

func TestBidsAreDueEvenlyAndNeverOfferedEarly(t *testing.T) {
	s := schedule{start: time.Now(), tick: tickDefault, timetable: even{rate: 1_000, bids: 100, users: 1}}
	next := 0
	s.run(context.Background(), func(n int) {
		if n != next || time.Since(s.start) < s.due(n) {
			t.Errorf("bid %d at %v", n, time.Since(s.start))
		}
		next++
	}, func() {})
	if next != 100 || s.due(50) != 50*time.Millisecond {
		t.Errorf("%d offered, bid 50 due at %v", next, s.due(50))
	}
}

func TestNoSecondHoldsMoreFramesThanTheLimit(t *testing.T) {
	var guard throttle
	var sent []time.Time
	now := time.Now()
	for range 100_000 {
		now = now.Add(time.Duration(rand.IntN(60)) * time.Millisecond / 2)
		if guard.allow(now) {
			sent = append(sent, now)
		}
	}
	for i := framesPerSecondMax; i < len(sent); i++ {
		if sent[i].Sub(sent[i-framesPerSecondMax]) < time.Second {
			t.Fatalf("frame %d is one too many", i)
		}
	}
	if rate := float64(len(sent)) / now.Sub(sent[0]).Seconds(); rate < framesPerSecondMax-1 {
		t.Errorf("holds back too much: %.1f frames/s", rate)
	}
}

func TestFieldsAreReadAsADecoderReadsThem(t *testing.T) {
	for seed := range uint64(5_000) {
		source := rand.New(rand.NewPCG(seed, 0))
		text, err := json.Marshal(randomValue(source, 0))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]json.RawMessage{}
		json.Unmarshal(text, &want)
		got := map[string]string{}
		scanFields(text, func(name, value []byte) bool {
			var decoded string
			json.Unmarshal([]byte(`"`+string(name)+`"`), &decoded)
			got[decoded] = string(value)
			return true
		})
		if len(got) != len(want) {
			t.Fatalf("seed %d: %d fields of %d in %s", seed, len(got), len(want), text)
		}
		for name, value := range want {
			if got[name] != string(value) {
				t.Fatalf("seed %d: %q is %s, not %s", seed, name, got[name], value)
			}
		}
		for end := range text {
			scanFields(text[:end], func(_, _ []byte) bool { return true })
		}
	}
}

// randomValue is an object at depth 0, and below it any JSON value.
func randomValue(source *rand.Rand, depth int) any {
	kind := source.IntN(7)
	switch {
	case depth == 0 || kind == 0 && depth < 4:
		fields := map[string]any{}
		for range source.IntN(5) {
			fields[randomString(source)] = randomValue(source, depth+1)
		}
		return fields
	case kind == 1 && depth < 4:
		return []any{randomValue(source, depth+1), randomValue(source, depth+1)}
	case kind == 2:
		return source.IntN(1_000_000) - 500_000
	case kind == 3:
		return nil
	case kind == 4:
		return source.IntN(2) == 0
	case kind == 5:
		return source.NormFloat64()
	}
	return randomString(source)
}

func randomString(source *rand.Rand) string {
	letters := []rune(`ab"\{}[]:, 입찰` + "\n")
	text := make([]rune, source.IntN(6))
	for i := range text {
		text[i] = letters[source.IntN(len(letters))]
	}
	return string(text)
}

func TestOnlyKeysOfThisRunHaveANumber(t *testing.T) {
	names, others := newKeys(), newKeys()
	for _, n := range []int{0, 7, 123_456, bidsMax} {
		if got, ok := names.number(names.appendTo(nil, n)); !ok || got != n {
			t.Errorf("%d became %d, %v", n, got, ok)
		}
		if _, ok := names.number(others.appendTo(nil, n)); ok {
			t.Errorf("took another run's key %d", n)
		}
	}
	for _, key := range []string{"", "x", string(names.prefix), string(names.prefix) + "1x"} {
		if _, ok := names.number([]byte(key)); ok {
			t.Errorf("took %q", key)
		}
	}
}

func TestPercentilesAreNearestRanks(t *testing.T) {
	samples := make([]time.Duration, 200)
	for i := range samples {
		samples[i] = time.Duration(200-i) * time.Millisecond
	}
	if got := spreadOf(samples); got != (spread{Count: 200, P50: 100, P95: 190, P99: 198, Max: 200}) {
		t.Errorf("%+v", got)
	}
	if got := spreadOf([]time.Duration{time.Millisecond}); got.P50 != 1 || got.P99 != 1 {
		t.Errorf("one sample: %+v", got)
	}
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("no sample: %+v", got)
	}
}

func TestOptionsThatCannotBeKeptAreRefused(t *testing.T) {
	refused := [][]string{
		{"--mode", "udp"},
		{"--sockets", "0"},
		{"--sockets", "10", "--auctions", "11", "--rate", "1"},
		{"--sockets", "10", "--rate", "201"},
		{"--rate", "0"},
		{"--seconds", "541"},
		{"--sockets", "1000", "--rate", "20000", "--seconds", "200"},
	}
	for _, arguments := range refused {
		if _, err := parseOptions(arguments, io.Discard); err == nil {
			t.Errorf("%v was taken", arguments)
		}
	}
	o, err := parseOptions([]string{"--base-url", "https://house.example/"}, io.Discard)
	if err != nil || o.wsURL != "wss://house.example/ws" || o.bids() != 40_000 {
		t.Errorf("%+v: %v", o, err)
	}
}

func TestInParallelStopsAtTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	done := make([]bool, 1_000)
	err := inParallel(context.Background(), len(done), 4, func(i int) error {
		done[i] = true
		if i == 10 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || !done[9] || done[999] {
		t.Errorf("%v", err)
	}
	if err := inParallel(context.Background(), 0, 4, nil); err != nil {
		t.Error(err)
	}
}
