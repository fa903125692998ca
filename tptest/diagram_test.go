package tptest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		list    string // the same as a list
		columns int
	}{
		"a-bc---d----e-|":    {"0:a 2:b 3:c 7:d 12:e 14:|", 15},
		"------c---d---(e|)": {"6:c 10:d 14:e 14:|", 18},
		"(ab)--(c|)":         {"0:a 0:b 6:c 6:|", 10},
		"-{a1}---({b2}|)":    {"1:{a1} 5:{b2} 5:|", 9},
		"--#--":              {"2:#", 5},
		" a - b | ":          {"0:a 2:b 3:|", 4},
		"a--^-b!":            {"0:a 3:^ 5:b 6:!", 7},
		"{a b}-{x:y}{|}é→":   {"0:{a b} 2:{x:y} 3:{|} 4:é 5:→", 6},
		"5:a 5:b 6:c 6:|":    {"5:a 5:b 6:c 6:|", 7},
		" 0:{a:b c}  7:#":    {"0:{a:b c} 7:#", 8},
		"---":                {"", 3},
	} {
		d, err := parse(text, allMarks)
		require.NoError(t, err, text)
		require.Equal(t, want.list, list(d.signals), text)
		require.Equal(t, want.columns, d.columns, text)
	}
}

func TestParseFails(t *testing.T) {
	for text, want := range map[string]string{
		"":        `tptest: diagram "": it is empty, want at least one column; - is a column of nothing`,
		"  ":      `tptest: diagram "  ": it is empty, want at least one column; - is a column of nothing`,
		"a-(b(c":  `tptest: diagram "a-(b(c": column 4: '(' can't be here`,
		"a-(b":    `tptest: diagram "a-(b": column 2: ( without a )`,
		"(a-)":    `tptest: diagram "(a-)": column 2: '-' can't be here`,
		"a)":      `tptest: diagram "a)": column 1: ')' can't be here`,
		"--()":    `tptest: diagram "--()": column 2: an empty group`,
		"--|a":    `tptest: diagram "--|a": column 3: a comes after the end`,
		"(|a)":    `tptest: diagram "(|a)": column 2: a comes after the end`,
		"(|#)":    `tptest: diagram "(|#)": column 2: # comes after the end`,
		"a-{bc":   `tptest: diagram "a-{bc": column 2: { without a }`,
		"{}":      `tptest: diagram "{}": column 0: an item without a name`,
		"a}":      `tptest: diagram "a}": column 1: '}' can't be here`,
		"a\tb":    `tptest: diagram "a\tb": column 1: '\t' can't be here`,
		"^-^":     `tptest: diagram "^-^": column 2: a second ^`,
		"a:b":     `tptest: diagram "a:b": column 1: ':' can't be here`,
		"3:a 2:b": `tptest: diagram "3:a 2:b": column 2: it comes after a later one`,
		"3:a b":   `tptest: diagram "3:a b": "b" is not a column and a signal, such as 3:a`,
		"3:":      `tptest: diagram "3:": "3:" is not a column and a signal, such as 3:a`,
		"3:-":     `tptest: diagram "3:-": column 3: '-' can't be here`,
		"9999999999999999999999:a": `tptest: diagram "9999999999999999999999:a": ` +
			`"9999999999999999999999:a" is not a column and a signal, such as 3:a`,
	} {
		_, err := parse(text, allMarks)
		require.EqualError(t, err, want)
	}
	_, err := parse("a!", "|#")
	require.EqualError(t, err, `tptest: diagram "a!": column 1: '!' can't be here`)
}

func TestRender(t *testing.T) {
	for _, text := range []string{
		"a-b-|", "--#", "(ab)--(c|)", "|", "-{a1}---({b2}|)", "^--!", "(^!)", "{(}-{ }|", "-{\ufffd}{\x01}|",
		"5:a 5:b 6:c 6:|", "0:a 0:b 3:c", "4:b 4:c 7:d 7:e 8:|",
	} {
		d, err := parse(text, allMarks)
		require.NoError(t, err)
		require.Equal(t, text, render(d.signals))
	}
	require.Equal(t, "(ab)c", render([]signal{{0, item, "a"}, {0, item, "b"}, {4, item, "c"}}), "as close as it can be drawn")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a-bc---d----e-|", "--(ab|)", "-{a1}-#", "^--!", "5:a 5:b 6:{c d}", "(a", "a b", "\xff", "{\xff}", "{\x01}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parse(text, allMarks)
		if err != nil || len(d.signals) == 0 {
			return
		}
		last := 0
		for _, s := range d.signals {
			if s.at < last || s.at >= d.columns {
				t.Fatalf("%q: %v is in column %d", text, s, s.at)
			}
			last = s.at
		}
		if last > 10_000 {
			return
		}
		for _, again := range []string{render(d.signals), list(d.signals)} {
			r, err := parse(again, allMarks)
			if err != nil {
				t.Fatalf("%q was rendered as %q: %v", text, again, err)
			}
			if list(r.signals) != list(d.signals) {
				t.Fatalf("%q was rendered as %q", text, again)
			}
		}
	})
}
