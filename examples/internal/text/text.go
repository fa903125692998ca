// Package text has the examples' code for text from outside. Such text must neither
// upset the terminal nor fill the memory.
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

// Clean returns s for a terminal. Characters that are not printable, such as escape
// sequences, are shown as in Go source. An ellipsis replaces the text after this
// many characters.
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

// Longest is the limit of a line, in bytes.
const Longest = 64 << 10

// Lines reads lines, as a bufio.Scanner does, but continues after a line that is
// longer than Longest. It leaves such a line out, without holding it in memory.
type Lines struct {
	from    *bufio.Reader
	tooLong func()
	line    []byte
	err     error
	over    bool
}

// NewLines reads from r, and calls tooLong for each line that it leaves out.
func NewLines(r io.Reader, tooLong func()) *Lines {
	return &Lines{from: bufio.NewReader(r), tooLong: tooLong}
}

// Scan reads the next line, and reports whether there was one.
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

// read reads up to the end of a line or of the text. some: there was at least one
// byte. whole: the whole line is in l.line.
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

// Text returns the line, without its end.
func (l *Lines) Text() string { return string(l.line) }

// Err returns the error that has ended the reading, or nil at the end of the text.
func (l *Lines) Err() error { return l.err }
