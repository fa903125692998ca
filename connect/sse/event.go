package sse

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Event is one of an event stream.
type Event struct {
	// ID is the last event id of the stream, after this event. Of an event without an
	// id it is that of the events before.
	ID string
	// Type is "message" where the server has sent none.
	Type string
	// Data has the lines of the event, with a line feed between them.
	Data []byte

	own bool // the event has the id itself
}

var (
	// ErrTooLong is for an event that is longer than [MaxEvent].
	ErrTooLong = errors.New("sse: an event is too long")
	// ErrNoStream is for a response that is no event stream.
	ErrNoStream = errors.New("sse: the response is no event stream")
)

// message is the type of events that have none.
const message = "message"

// appendTo appends e to b, as the lines of an event stream. hasID is false if the event
// has no id of its own.
func (e Event) appendTo(b []byte, hasID bool) ([]byte, error) {
	switch {
	case strings.ContainsAny(e.ID, "\r\n\x00"):
		return nil, fmt.Errorf("sse: the id %q has a line end or a NUL", e.ID)
	case strings.ContainsAny(e.Type, "\r\n"):
		return nil, fmt.Errorf("sse: the type %q has a line end", e.Type)
	}
	if e.Type != "" && e.Type != message {
		b = append(append(append(b, "event: "...), e.Type...), '\n')
	}
	if hasID {
		b = append(append(append(b, "id: "...), e.ID...), '\n')
	}
	for data := e.Data; ; {
		n, skip := lineEnd(data)
		b = append(b, "data: "...)
		if n < 0 {
			return append(append(b, data...), "\n\n"...), nil
		}
		b = append(append(b, data[:n]...), '\n')
		data = data[n+skip:]
	}
}

// lineEnd returns where the first line of b ends, and how long the line end is; -1 if
// there is none. A carriage return at the end of b counts as one.
func lineEnd(b []byte) (at, length int) {
	n := bytes.IndexByte(b, '\n')
	line := b
	if n >= 0 {
		line = b[:n]
	}
	switch r := bytes.IndexByte(line, '\r'); {
	case r < 0 && n < 0:
		return -1, 0
	case r < 0:
		return n, 1
	case r+1 == n:
		return r, 2
	default:
		return r, 1
	}
}

// parser reads an event stream, as the HTML standard says.
type parser struct {
	most  int
	begun bool   // the byte order mark was looked for
	cr    bool   // the last byte was a carriage return: a line feed belongs to it
	line  []byte // that has no end yet

	data   []byte
	kind   string
	own    bool   // these lines have an id
	id     string // of the last event that has one
	lastID string // of the stream
	retry  int64  // in ms; -1: none was sent
}

var bom = []byte("\xef\xbb\xbf")

// feed parses b, which follows what was fed before. It calls emit for each event; the
// data is the event's own. It stops when emit returns false. more is false then.
func (p *parser) feed(b []byte, emit func(Event) bool) (more bool, err error) {
	if !p.begun {
		p.line = append(p.line, b...)
		if len(p.line) < len(bom) && bytes.HasPrefix(bom, p.line) {
			return true, nil
		}
		b, p.line, p.begun = bytes.TrimPrefix(p.line, bom), nil, true
	}
	for len(b) > 0 {
		if p.cr {
			p.cr = false
			if b[0] == '\n' {
				b = b[1:]
				continue
			}
		}
		n, skip := lineEnd(b)
		if n < 0 {
			n = len(b)
		}
		if len(p.line)+n+len(p.data) > p.most {
			return false, fmt.Errorf("%w: it has more than %d bytes: set MaxEvent", ErrTooLong, p.most)
		}
		if skip == 0 {
			p.line = append(p.line, b...)
			return true, nil
		}
		line := b[:n]
		if len(p.line) > 0 {
			p.line = append(p.line, line...)
			line = p.line
		}
		p.cr = skip == 1 && n+1 == len(b) && b[n] == '\r'
		b = b[n+skip:]
		more := p.take(line, emit)
		p.line = p.line[:0]
		if !more {
			return false, nil
		}
	}
	return true, nil
}

// take interprets a line.
func (p *parser) take(line []byte, emit func(Event) bool) bool {
	if len(line) == 0 {
		return p.dispatch(emit)
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) { // a comment has no name
	case "data":
		p.data = append(append(p.data, value...), '\n')
	case "event":
		p.kind = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id, p.own = string(value), true
		}
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
			p.retry = int64(ms) //nolint:gosec // 31 bits
		}
	}
	return true
}

// dispatch emits the event that the lines before have made, if they have.
func (p *parser) dispatch(emit func(Event) bool) bool {
	p.lastID = p.id
	data, kind, own := p.data, p.kind, p.own
	p.data, p.kind, p.own = nil, "", false
	if len(data) == 0 {
		return true
	}
	if kind == "" {
		kind = message
	}
	return emit(Event{ID: p.lastID, Type: kind, Data: data[: len(data)-1 : len(data)-1], own: own})
}
