// Package text is how the examples treat text that they have not written: it
// neither upsets the terminal nor fills the memory.
package text

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Clean is s for a terminal: what is not printable, such as an escape sequence, is
// shown as in Go source, and what comes after this many characters as an ellipsis.
func Clean(s string, most int) string {
	var b strings.Builder
	for n := 0; s != ""; n++ {
		if n == most {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			quoted := strconv.Quote(s[:1])
			b.WriteString(quoted[1 : len(quoted)-1])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

// Longest is how many bytes a line has at most.
const Longest = 64 << 10

// Lines reads lines, as a bufio.Scanner does, but goes on after one that is longer
// than Longest: that one is left out, without being held in memory.
type Lines struct {
	from    *bufio.Reader
	tooLong func()
	line    []byte
	err     error
	over    bool
}

// NewLines reads from r, and calls tooLong for each line that is left out.
func NewLines(r io.Reader, tooLong func()) *Lines {
	return &Lines{from: bufio.NewReader(r), tooLong: tooLong}
}

// Scan reads the next line, and tells whether there was one.
func (l *Lines) Scan() bool {
	for !l.over {
		some, whole := l.read()
		switch {
		case !some:
		case whole:
			return true
		default:
			l.tooLong()
		}
	}
	return false
}

// read reads up to the end of a line or of all. some: there was anything; whole:
// all of it is in l.line.
func (l *Lines) read() (some, whole bool) {
	l.line = l.line[:0]
	whole = true
	for {
		part, err := l.from.ReadSlice('\n')
		some = some || len(part) > 0
		if whole = whole && len(l.line)+len(part) <= Longest+len("\r\n"); whole {
			l.line = append(l.line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			l.over = true
			if !errors.Is(err, io.EOF) {
				l.err = err
			}
		}
		l.line = bytes.TrimSuffix(bytes.TrimSuffix(l.line, []byte("\n")), []byte("\r"))
		return some, whole && len(l.line) <= Longest
	}
}

// Text is the line, without its end.
func (l *Lines) Text() string { return string(l.line) }

// Err is what has ended it, or nil for the end of the text.
func (l *Lines) Err() error { return l.err }
