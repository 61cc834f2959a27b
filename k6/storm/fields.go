package main

import "bytes"

// scanFields calls visit with the name and raw value of each field of the JSON object in text,
// until visit returns false. It looks only at the top level, allocates nothing, and trusts the
// server to send valid JSON: on anything else it stops, and the caller misses a field. A full
// decoder would cost the generator more than everything else it does.
func scanFields(text []byte, visit func(name, value []byte) bool) {
	at := skipSpace(text, 0)
	if at >= len(text) || text[at] != '{' {
		return
	}
	for at++; ; at++ {
		nameStart := skipSpace(text, at)
		nameEnd := valueEnd(text, nameStart)
		if nameEnd-nameStart < 2 || text[nameStart] != '"' {
			return
		}
		colon := skipSpace(text, nameEnd)
		if colon >= len(text) || text[colon] != ':' {
			return
		}
		valueStart := skipSpace(text, colon+1)
		end := valueEnd(text, valueStart)
		if end == valueStart || !visit(text[nameStart+1:nameEnd-1], text[valueStart:end]) {
			return
		}
		if at = skipSpace(text, end); at >= len(text) || text[at] != ',' {
			return
		}
	}
}

// unquote gives the inside of a JSON string, and nothing for null or any other value. Codes, keys
// and types hold no escapes.
func unquote(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// valueEnd is the index after the JSON value that starts at start; start itself if there is none.
func valueEnd(text []byte, start int) int {
	if start >= len(text) {
		return start
	}
	switch text[start] {
	case '"':
		return stringEnd(text, start)
	case '{', '[':
		return nestedEnd(text, start)
	}
	end := start
	for end < len(text) && bytes.IndexByte([]byte(",}] \n\t\r:"), text[end]) < 0 {
		end++
	}
	return end
}

func stringEnd(text []byte, start int) int {
	for at := start + 1; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return start
}

func nestedEnd(text []byte, start int) int {
	depth := 0
	for at := start; at < len(text); at++ {
		switch text[at] {
		case '"':
			end := stringEnd(text, at)
			if end == at {
				return start
			}
			at = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return start
}
