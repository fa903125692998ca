package main

import (
	"fmt"
	"go/doc/comment"
	"regexp"
	"strings"

	"github.com/turbopipes/turbopipes/tptest"
)

// diagram is the diagram of a comment.
type diagram struct {
	lanes  []lane
	params string // the text in the operator's box
}

// lane is one line of time.
type lane struct {
	key     string
	text    string // as written
	signals []tptest.Signal
	columns int
	note    string
	after   bool   // below the operator
	inner   []lane // streams that items of this one stand for
	from    int    // the column at which an inner one begins
}

func (d diagram) drawn() bool { return len(d.lanes) > 0 }

// alt is the diagram in words.
func (d diagram) alt(name string) string {
	var parts []string
	for _, l := range d.lanes {
		parts = append(parts, l.key+" "+l.text)
	}
	return name + ": " + strings.Join(parts, ", ")
}

// block is the comment's diagram, if it has one: the first indented block that
// has a line with the key out.
func block(d *comment.Doc) *comment.Code {
	for _, b := range d.Content {
		if code, ok := b.(*comment.Code); ok {
			for line := range strings.Lines(code.Text) {
				if strings.HasPrefix(line, "out:") {
					return code
				}
			}
		}
	}
	return nil
}

// read finds the diagram in a comment.
func read(text string) (diagram, error) {
	var p comment.Parser
	code := block(p.Parse(text))
	if code == nil {
		return diagram{}, nil
	}
	var d diagram
	after := false
	for line := range strings.Lines(code.Text) {
		key, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			return diagram{}, fmt.Errorf("no diagram: %q", line)
		}
		drawing, note, _ := strings.Cut(strings.TrimSpace(rest), " ")
		after = after || key == "out"
		l := lane{key: key, text: drawing, note: gaps.ReplaceAllString(strings.TrimSpace(note), ", "), after: after}
		var err error
		if l.signals, l.columns, err = tptest.Parse(drawing); err != nil {
			return diagram{}, err
		}
		d.place(l)
	}
	return d, nil
}

// gaps separate the parts of a note.
var gaps = regexp.MustCompile(`[,;]?\s{2,}`)

// place adds a lane. A note that names an item of the lane explains that item, perhaps
// by a stream. Another note with a colon is a parameter, and so are the notes of the
// first lane.
func (d *diagram) place(l lane) {
	name, _, isPair := strings.Cut(l.note, ":")
	switch {
	case isPair && len(d.lanes) > 0 && l.has(strings.TrimSpace(name)):
		l.explain()
	case isPair && !strings.HasSuffix(l.note, ":") && (!l.after || !strings.Contains(name, " ")):
		if d.params != "" {
			d.params += "; "
		}
		d.params += l.note
		l.note = ""
	}
	d.lanes = append(d.lanes, l)
}

func (l *lane) has(item string) bool {
	for _, s := range l.signals {
		if s.Kind == 'n' && s.Item == item {
			return true
		}
	}
	return false
}

// explain takes the streams out of a note such as x: a-b|, y: c-|
func (l *lane) explain() {
	for part := range strings.SplitSeq(l.note, ",") {
		key, drawing, _ := strings.Cut(strings.TrimSpace(part), ":")
		drawing = strings.TrimSpace(drawing)
		signals, columns, err := tptest.Parse(drawing)
		if err != nil || !strings.HasSuffix(drawing, "|") || !l.has(key) {
			return // words
		}
		inner := lane{key: key, text: drawing, signals: signals, columns: columns, after: true}
		for _, s := range l.signals {
			if s.Item == key {
				inner.from = s.Column
				break
			}
		}
		l.inner = append(l.inner, inner)
	}
	l.note = ""
}
