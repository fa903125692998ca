package tptest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// kind is the letter of a signal in a diagram.
type kind rune

const (
	item      kind = 'n'
	complete  kind = '|'
	failure   kind = '#'
	cancelled kind = '!'
	start     kind = '^'
)

// signal is one signal of a diagram.
type signal struct {
	at   int // column
	kind kind
	key  string // of an item
}

// String returns the signal as a diagram shows it.
func (s signal) String() string {
	switch {
	case s.kind != item:
		return string(s.kind)
	case bare([]rune(s.key)):
		return s.key
	}
	return "{" + s.key + "}"
}

// bare reports whether a key may stand without braces.
func bare(key []rune) bool { return len(key) == 1 && drawable(key[0]) }

// drawable reports whether a rune is an item by itself.
func drawable(r rune) bool {
	return !strings.ContainsRune(meaning, r) && unicode.IsGraphic(r) && r != unicode.ReplacementChar
}

// meaning has the characters that are not items.
const meaning = "-()|#!^{}: "

// diagram is a parsed marble string.
type diagram struct {
	signals []signal
	columns int // how many columns the diagram has
}

// listed matches the start of a diagram that is a list.
var listed = regexp.MustCompile(`^ *\d+:`)

// parse reads a marble string. marks has the allowed signals besides items.
func parse(text, marks string) (diagram, error) {
	p := reader{runes: []rune(text), marks: marks, group: -1}
	read := p.drawn
	if listed.MatchString(text) {
		read = p.list
	}
	if err := read(); err != nil {
		return diagram{}, fmt.Errorf("tptest: diagram %s: %w", quoted(p.runes, p.next), err)
	}
	if p.columns == 0 {
		return diagram{}, fmt.Errorf("tptest: diagram %s: it is empty, want at least one column; - is a column of nothing", quote(text))
	}
	return p.diagram, nil
}

// reader is the state of one parse.
type reader struct {
	diagram
	runes []rune
	next  int    // the next rune to read
	marks string // signals besides items
	group int    // the column of the open group, or -1
	begun bool   // there was a ^
	ended bool
}

// drawn reads columns.
func (p *reader) drawn() error {
	for p.next < len(p.runes) {
		at := p.columns
		if p.group >= 0 {
			at = p.group
		}
		var err error
		switch r := p.runes[p.next]; {
		case r == ' ':
			p.next++
			continue
		case r == '-' && p.group < 0:
			p.next++
		case r == '(' && p.group < 0:
			p.next++
			p.group = at
		case r == ')' && p.group >= 0:
			p.next++
			if p.columns == p.group+1 {
				return bad(at, "an empty group")
			}
			p.group = -1
		default:
			err = p.signal(at, p.columns)
		}
		if err != nil {
			return err
		}
		p.columns++
	}
	if p.group >= 0 {
		return bad(p.group, "( without a )")
	}
	return nil
}

// list reads pairs of a column and a signal, for diagrams that can't be drawn.
func (p *reader) list() error {
	for p.next < len(p.runes) {
		if p.runes[p.next] == ' ' {
			p.next++
			continue
		}
		from := p.next
		for p.next < len(p.runes) && p.runes[p.next] >= '0' && p.runes[p.next] <= '9' {
			p.next++
		}
		at, err := strconv.Atoi(string(p.runes[from:p.next]))
		if err != nil || at > maxColumn || p.next+1 >= len(p.runes) || p.runes[p.next] != ':' {
			return fmt.Errorf("%s is not a column and a signal, such as 3:a", quoted(p.runes[from:], 0))
		}
		if at < p.columns-1 {
			return bad(at, "it comes after a later one")
		}
		p.next++
		p.columns = at + 1
		if err := p.signal(at, at); err != nil {
			return err
		}
	}
	return nil
}

// maxColumn is the greatest column in a list and in At.
const maxColumn = 1_000_000

// signal reads one signal of the column at. The diagram shows it in the column
// shown.
func (p *reader) signal(at, shown int) error {
	r := p.runes[p.next]
	p.next++
	switch {
	case r == '{':
		n := slices.Index(p.runes[p.next:], '}')
		if n < 0 {
			return bad(shown, "{ without a }")
		}
		key := string(p.runes[p.next : p.next+n])
		p.next += n + 1
		if key == "" {
			return bad(shown, "an item without a name")
		}
		return p.add(signal{at, item, key}, shown)
	case strings.ContainsRune(p.marks, r):
		return p.add(signal{at: at, kind: kind(r)}, shown)
	case !drawable(r):
		return bad(shown, fmt.Sprintf("%q can't be here", r))
	}
	return p.add(signal{at, item, string(r)}, shown)
}

func (p *reader) add(s signal, shown int) error {
	switch {
	case p.ended:
		return bad(shown, without(s.String(), mostQuoted)+" comes after the end")
	case s.kind == start && p.begun:
		return bad(shown, "a second ^")
	}
	p.begun = p.begun || s.kind == start
	p.ended = s.kind != item && s.kind != start
	p.signals = append(p.signals, s)
	return nil
}

func bad(column int, why string) error { return fmt.Errorf("column %d: %s", column, why) }

// widest is the greatest number of empty columns that render draws.
const widest = 200

// render draws signals. It lists them if a signal follows a group too closely to be
// drawn, or follows another signal too late to be readable.
func render(signals []signal) string {
	var b strings.Builder
	column := 0
	for i := 0; i < len(signals); {
		n := i + 1
		for n < len(signals) && signals[n].at == signals[i].at {
			n++
		}
		if signals[i].at < column || signals[i].at-column > widest {
			return list(signals)
		}
		b.WriteString(strings.Repeat("-", signals[i].at-column))
		column = signals[i].at + n - i
		if n-i > 1 {
			b.WriteByte('(')
			column += 2
		}
		for _, s := range signals[i:n] {
			b.WriteString(s.String())
		}
		if n-i > 1 {
			b.WriteByte(')')
		}
		i = n
	}
	return b.String()
}

func list(signals []signal) string {
	parts := make([]string, len(signals))
	for i, s := range signals {
		parts[i] = fmt.Sprintf("%d:%v", s.at, s)
	}
	return strings.Join(parts, " ")
}
