package text

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		`{"ab": "\d"}`:          `{"ab": "\d"}`,
		"naïve 日本":              "naïve 日本",
		"\x1b[31mred\x1b]0;x\a": `\x1b[31mred\x1b]0;x\a`,
		"a\r\nb\tc\x00\x7f":     `a\r\nb\tc\x00\x7f`,
		"\u009b2J \u202egnp.":   `\u009b2J \u202egnp.`,
		"a\xff\xfe":             `a\xff\xfe`,
		"0123456789":            "0123456789",
		"0123456789x":           "0123456789…",
		strings.Repeat("é", 11): strings.Repeat("é", 10) + "…",
	} {
		most := 100
		if len([]rune(in)) == 11 {
			most = 10
		}
		require.Equal(t, want, Clean(in, most))
	}
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", Longest)
	for name, c := range map[string]struct {
		in      io.Reader
		want    []string
		tooLong int
		err     string
	}{
		"nothing":               {in: strings.NewReader("")},
		"lines":                 {in: strings.NewReader("a\n\nb\r\nc"), want: []string{"a", "", "b", "c"}},
		"a byte at a time":      {in: iotest.OneByteReader(strings.NewReader("a\nbc\n")), want: []string{"a", "bc"}},
		"as long as may be":     {in: strings.NewReader(long + "\n" + long + "\r\n" + long), want: []string{long, long, long}},
		"too long":              {in: strings.NewReader("a\n" + long + "y\nb\n" + long + "yz\r\nc\n" + long + long + long + "\nd"), want: []string{"a", "b", "c", "d"}, tooLong: 3},
		"too long, and the end": {in: strings.NewReader("a\n" + long + long), want: []string{"a"}, tooLong: 1},
		"an error":              {in: io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(errors.New("torn"))), want: []string{"a", "b"}, err: "torn"},
	} {
		t.Run(name, func(t *testing.T) {
			tooLong := 0
			l := NewLines(c.in, func() { tooLong++ })
			var got []string
			for l.Scan() {
				got = append(got, l.Text())
			}
			require.Equal(t, c.want, got)
			require.Equal(t, c.tooLong, tooLong)
			require.LessOrEqual(t, cap(l.line), 4*Longest)
			if c.err == "" {
				require.NoError(t, l.Err())
			} else {
				require.EqualError(t, l.Err(), c.err)
			}
		})
	}
}
