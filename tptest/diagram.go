package tptest

import (
	"fmt"
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

// signal is what a diagram says of one instant.
type signal struct {
	at   int // column
	kind kind
	key  string // of an item
}

// String is the signal as a diagram shows it.
func (s signal) String() string {
	switch {
	case s.kind != item:
		return string(s.kind)
	case len([]rune(s.key)) == 1 && !strings.ContainsAny(s.key, meaning):
		return s.key
	}
	return "{" + s.key + "}"
}

// meaning has the characters that are no items.
const meaning = "-()|#!^{}: "

// diagram is a parsed marble string.
type diagram struct {
	signals []signal
	columns int // how many it has
}

// parse reads a marble string. marks has the signals besides items that it may
// contain.
func parse(text, marks string) (diagram, error) {
	p := reader{text: text, marks: marks, group: -1}
	read := p.drawn
	if strings.Contains(text, ":") {
		read = p.list
	}
	if err := read(); err != nil {
		return diagram{}, fmt.Errorf("tptest: diagram %q: %w", text, err)
	}
	if p.columns == 0 {
		return diagram{}, fmt.Errorf("tptest: diagram %q: it is empty; - is a column of nothing", text)
	}
	return p.diagram, nil
}

// reader is the state of one parse.
type reader struct {
	diagram
	text, marks string
	group       int // the column of the group that is open, or -1
	ended       bool
}

func (p *reader) drawn() error {
	runes := []rune(p.text)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		at := p.columns
		if p.group >= 0 {
			at = p.group
		}
		p.columns++
		var err error
		switch {
		case r == ' ':
			p.columns--
		case r == '-' && p.group < 0:
		case r == '(' && p.group < 0:
			p.group = at
		case r == ')' && p.group >= 0:
			if runes[i-1] == '(' {
				return p.bad(at, "an empty group")
			}
			p.group = -1
		case r == '{':
			end := slices.Index(runes[i:], '}')
			if end < 0 {
				return p.bad(at, "{ without a }")
			}
			err = p.add(signal{at, item, string(runes[i+1 : i+end])})
			i += end
		case strings.ContainsRune(p.marks, r):
			err = p.add(signal{at: at, kind: kind(r)})
		case strings.ContainsRune(meaning, r) || !unicode.IsGraphic(r):
			return p.bad(p.columns-1, fmt.Sprintf("%q can't be here", r))
		default:
			err = p.add(signal{at, item, string(r)})
		}
		if err != nil {
			return err
		}
	}
	if p.group >= 0 {
		return p.bad(p.group, "( without a )")
	}
	return nil
}

// list reads column:signal pairs, for what can't be drawn.
func (p *reader) list() error {
	for field := range strings.FieldsSeq(p.text) {
		column, what, _ := strings.Cut(field, ":")
		at, err := strconv.Atoi(column)
		if err != nil || at < 0 {
			return fmt.Errorf("%q is not a column and a signal, such as 3:a", field)
		}
		if at < p.columns-1 {
			return p.bad(at, "the columns go back")
		}
		p.columns = at + 1
		one := signal{at, item, what}
		switch r := []rune(what); {
		case len(r) > 2 && r[0] == '{' && r[len(r)-1] == '}':
			one.key = string(r[1 : len(r)-1])
		case len(r) == 1 && strings.ContainsRune(p.marks, r[0]):
			one = signal{at: at, kind: kind(r[0])}
		case len(r) != 1 || strings.ContainsAny(what, meaning) || !unicode.IsGraphic(r[0]):
			return p.bad(at, fmt.Sprintf("%q is not a signal", what))
		}
		if err := p.add(one); err != nil {
			return err
		}
	}
	return nil
}

func (p *reader) add(s signal) error {
	switch {
	case p.ended:
		return p.bad(s.at, fmt.Sprintf("%v comes after the end", s))
	case s.kind == item && s.key == "":
		return p.bad(s.at, "an item without a name")
	}
	p.ended = s.kind != item && s.kind != start
	p.signals = append(p.signals, s)
	return nil
}

func (p *reader) bad(column int, why string) error {
	return fmt.Errorf("column %d: %s", column, why)
}

// render draws signals, or lists them where they can't be drawn because one
// follows a group too closely.
func render(signals []signal) string {
	var b strings.Builder
	column := 0
	for i := 0; i < len(signals); {
		n := i + 1
		for n < len(signals) && signals[n].at == signals[i].at {
			n++
		}
		if signals[i].at < column {
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
