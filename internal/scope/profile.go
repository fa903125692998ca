package scope

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"

	"github.com/turbopipes/turbopipes/internal/stackid"
)

// profile is a goroutine profile of the process: the goroutines that scopes and
// consuming calls wait for.
type profile struct {
	byLabel map[string][]stack // by the number of a scope
	byTag   map[uint64][]stack
	strays  []stack // have neither, but belong to the library: user code has replaced the labels

	partial []byte // a line that has not been read to its end
	current record
	texts   map[string]string // goroutines that wait at the same place share a text
}

// stack is a number of goroutines that wait at the same place.
type stack struct {
	goroutines int
	text       string
	ours       bool // the library waits for it, and it was not started by user code
	silent     bool // it waits in a join, which is reported separately, or its wait has a limit
}

// record is one record of a profile, while it is read.
type record struct {
	goroutines int
	cut        bool // its outermost frames are missing
	label      string
	frames     []frame
}

type frame struct{ function, position string }

const (
	maxStacks = 4   // different stacks in one report
	maxFrames = 32  // of one stack in a report
	depth     = 128 // of the stacks in a profile: the runtime's limit
)

// takeProfile takes a profile of all goroutines. It reads the profile while it is
// written, because the text of many goroutines is large.
func takeProfile() *profile {
	p := &profile{byLabel: map[string][]stack{}, byTag: map[uint64][]stack{}, texts: map[string]string{}}
	_ = pprof.Lookup("goroutine").WriteTo(p, 1)
	p.finish()
	return p
}

// Write receives the profile's text piece by piece.
func (p *profile) Write(text []byte) (n int, err error) {
	n = len(text)
	for {
		line, more, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			p.partial = append(p.partial, line...)
			return n, nil
		}
		if len(p.partial) > 0 {
			line = append(p.partial, line...)
			p.partial = p.partial[:0]
		}
		p.line(string(line))
		text = more
	}
}

// line reads one line: the number of goroutines and their addresses, or their
// labels, or one of their frames, or a separator of two records.
func (p *profile) line(line string) {
	if labels, ok := strings.CutPrefix(line, "# labels: "); ok {
		_, rest, _ := strings.Cut(labels, fmt.Sprintf("%q:\"", scopeLabel))
		p.current.label, _, _ = strings.Cut(rest, "\"")
		return
	}
	if fields := strings.FieldsFunc(line, func(r rune) bool { return r == '\t' }); len(fields) == 4 && fields[0] == "#" {
		function := fields[2]
		if at := strings.LastIndex(function, "+0x"); at >= 0 {
			function = function[:at]
		}
		p.current.frames = append(p.current.frames, frame{function, fields[3]})
		return
	}
	number, addresses, _ := strings.Cut(line, " @")
	if n, err := strconv.Atoi(number); err == nil {
		p.finish()
		p.current.goroutines = n
		p.current.cut = strings.Count(addresses, " ") >= depth
	}
}

// finish files the record that has been read.
func (p *profile) finish() {
	r := p.current
	p.current = record{frames: r.frames[:0]}
	if r.goroutines == 0 || r.has("/internal/scope.takeProfile") {
		return
	}
	tags := r.tags()
	s := stack{goroutines: r.goroutines}
	s.ours = r.cut || len(tags) > 0 || r.has("/internal/scope.(*Scope).life") || r.has("turbopipes.subscribed[")
	s.silent = r.has("/internal/scope.(*Scope).Join") || r.has("/internal/scope.Limited")
	if r.label == "" && !s.ours || r.cut && !r.has("/turbopipes") {
		return
	}
	s.text = p.text(r)
	if r.label != "" {
		p.byLabel[r.label] = append(p.byLabel[r.label], s)
	}
	for _, tag := range tags {
		p.byTag[tag] = append(p.byTag[tag], s)
	}
	if r.label == "" && len(tags) == 0 {
		p.strays = append(p.strays, s)
	}
}

func (r record) has(function string) bool {
	for _, f := range r.frames {
		if strings.Contains(f.function, function) {
			return true
		}
	}
	return false
}

// tags returns the tags of the consuming calls on the stack.
func (r record) tags() (tags []uint64) {
	var ids stackid.Reader
	for _, f := range r.frames {
		if id, ok := ids.Next(f.function); ok && isTagged(f.function) {
			tags = append(tags, id)
		}
	}
	return tags
}

// text is the text of a stack in a report.
func (p *profile) text(r record) string {
	var b []byte
	frames := r.shown()
	for i, f := range frames {
		if i == maxFrames {
			b = append(b, " < …"...)
			break
		}
		b = append(b, " < "...)
		b = append(b, f.function...)
		b = append(b, ' ')
		b = append(b, f.position...)
	}
	text, known := p.texts[string(b)]
	if !known {
		text = string(b)
		p.texts[text] = text
	}
	return text
}

// shown returns the frames above the library's internal ones: they show where user
// code waits. If user code does not wait there, it returns all frames.
func (r record) shown() []frame {
	theirs := false
	for i, f := range r.frames {
		if strings.Contains(f.function, "turbopipes/internal/") {
			if theirs {
				return r.frames[:i]
			}
			break
		}
		theirs = theirs || !standard(f.function)
	}
	var frames []frame
	for _, f := range r.frames {
		if !stackid.Is(f.function) {
			frames = append(frames, f)
		}
	}
	return frames
}

// standard reports whether a function belongs to the standard library. A package
// whose path has no dot counts as standard, too: then a report shows more frames
// than necessary.
func standard(function string) bool {
	if strings.HasPrefix(function, "main.") {
		return false
	}
	path, _, nested := strings.Cut(function, "/")
	return !nested || !strings.Contains(path, ".")
}
