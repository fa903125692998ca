package files

import (
	"bytes"
	"unicode/utf8"
)

// cutter finds the first record in b: its value is b[:end], and the next record begins
// at next. ok is false if b has no whole record.
type cutter func(b []byte) (end, next int, ok bool)

// cutLine is the cutter of lines.
func cutLine(b []byte) (end, next int, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return 0, 0, false
	}
	return trimCR(b, i), i + 1, true
}

// trimCR returns the end of the line that ends at i, without a carriage return.
func trimCR(b []byte, i int) int {
	if i > 0 && b[i-1] == '\r' {
		return i - 1
	}
	return i
}

// cutCSV returns the cutter of CSV records, in which a quoted field may have line ends.
// A quote has a meaning only where a field begins.
func cutCSV(comma rune) cutter {
	sep := utf8.AppendRune(nil, comma)
	return func(b []byte) (end, next int, ok bool) {
		for i := 0; i < len(b); {
			if b[i] == '"' {
				n := quoted(b[i+1:])
				if n < 0 {
					return 0, 0, false
				}
				i += 1 + n
			}
			n := bytes.IndexByte(b[i:], '\n')
			s := bytes.Index(b[i:], sep)
			switch {
			case s >= 0 && (n < 0 || s < n):
				i += s + len(sep)
			case n >= 0:
				return trimCR(b, i+n), i + n + 1, true
			default:
				return 0, 0, false
			}
		}
		return 0, 0, false
	}
}

// quoted returns how long a quoted field is after its first quote, or -1.
func quoted(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '"')
		switch {
		case n < 0:
			return -1
		case i+n+1 < len(b) && b[i+n+1] == '"': // an escaped one
			i += n + 2
		default:
			return i + n + 1
		}
	}
}
