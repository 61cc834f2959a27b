package main

import (
	"bytes"
	"strconv"
)

// keys names the bids of one run: "<tag>-<n>". The tag is new in each run, so that no key of an
// earlier one is repeated; the number leads from an answer back to its bid without a table.
type keys struct {
	prefix []byte
}

func newKeys() keys {
	return keys{prefix: []byte(randomText(6) + "-")}
}

func (k keys) appendTo(text []byte, n int) []byte {
	return strconv.AppendInt(append(text, k.prefix...), int64(n), 10)
}

// number is the bid a key of this run names; false for any other key.
func (k keys) number(key []byte) (int, bool) {
	digits, ours := bytes.CutPrefix(key, k.prefix)
	if !ours || len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	n := 0
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int(digit-'0')
	}
	return n, true
}
