package files

import (
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
)

func fileWith(t testing.TB, text string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "app.log")
	appendTo(t, name, text)
	return name
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 3*bufferSize)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":              {"", nil},
		"lines":              {"a\nb\n", []string{"a", "b"}},
		"no line end":        {"a\nb", []string{"a", "b"}},
		"carriage returns":   {"a\r\nb\r\n", []string{"a", "b"}},
		"empty lines":        {"\n\na\n\n", []string{"", "", "a", ""}},
		"byte order mark":    {"\xef\xbb\xbfa\nb\n", []string{"a", "b"}},
		"zeros at the start": {"\x00\x00\x00a\nb\n", []string{"a", "b"}},
		"a zero later":       {"a\n\x00b\n", []string{"a", "\x00b"}},
		"longer than a read": {long + "\nb\n" + long, []string{long, "b", long}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Lines(fileWith(t, c.text)).Collect(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := Lines(filepath.Join(t.TempDir(), "none")).Collect(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Lines(t.TempDir()).Collect(t.Context())
	require.ErrorContains(t, err, "is not a regular file")
	_, err = Lines(t.TempDir(), Follow()).Collect(t.Context())
	require.ErrorContains(t, err, "is not a regular file")
}

func TestLinesOfADirectory(t *testing.T) {
	dir := t.TempDir()
	at := time.Unix(1e9, 0)
	for i, name := range []string{"z.log", "a.log", "m.log", "n.txt", "o.log.gz"} {
		name = filepath.Join(dir, name)
		appendTo(t, name, name+"\n")
		require.NoError(t, os.Chtimes(name, at, at.Add(time.Duration(i)*time.Second)))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub.log"), 0o700))
	for _, more := range []ReadOption{Exclude("*.gz"), MaxOpen(1), Interleaved()} {
		got, err := Lines(filepath.Join(dir, "*.log*"), Exclude("*.gz"), more).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{filepath.Join(dir, "z.log"), filepath.Join(dir, "a.log"), filepath.Join(dir, "m.log")}, got)
	}
	got, err := Lines(filepath.Join(filepath.Dir(dir), "*", "a.lo?")).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "a.log")}, got)
}

func TestLongLines(t *testing.T) {
	huge := strings.Repeat("x", 5*bufferSize)
	name := fileWith(t, "a\n"+huge+"\nbb\n"+huge)
	_, err := Lines(name, MaxRecord(1000)).Collect(t.Context())
	require.ErrorIs(t, err, ErrTooLong)
	require.ErrorContains(t, err, "at 2: it has more than 1000 bytes: set MaxRecord or CutLong")
	for _, most := range []int{1, 1000, bufferSize, 2 * bufferSize} {
		got, err := Lines(name, MaxRecord(most), CutLong()).Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", huge[:most], "bb"[:min(2, most)], huge[:most]}, got)
	}
	got, err := Lines(name, MaxRecord(len(huge))).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"a", huge, "bb", huge}, got)
	_, err = Lines(name, MaxRecord(len(huge)-1)).Collect(t.Context())
	require.ErrorIs(t, err, ErrTooLong)
}

func TestJSON(t *testing.T) {
	type order struct{ ID int }
	got, err := JSON[order](fileWith(t, "{\"id\":1}\n\n{\"id\":2}")).Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, []order{{1}, {2}}, got)
	got, err = JSON[order](fileWith(t, "{\"id\":1}\n{\n")).Collect(t.Context())
	require.ErrorContains(t, err, "at 9: unexpected end of JSON input")
	require.Equal(t, []order{{1}}, got)
}

func TestCSV(t *testing.T) {
	text := "id,name\n1,\"two\nlines, and a \"\"quote\"\"\"\r\n\n2,plain \" quote in it\n"
	got, err := CSV(fileWith(t, text), ',', SkipHeader(1)).Collect(t.Context())
	require.ErrorContains(t, err, `bare "`)
	require.Equal(t, [][]string{{"1", "two\nlines, and a \"quote\""}}, got)
	wide := strings.Repeat("a\n", bufferSize)
	got, err = CSV(fileWith(t, "1;\""+wide+"\"\n2;x"), ';').Collect(t.Context())
	require.NoError(t, err)
	require.Equal(t, [][]string{{"1", wide}, {"2", "x"}}, got)
	b, err := CSVCodec(',').Encode([]string{"a", "b\nc", `"`})
	require.NoError(t, err)
	back, err := CSVCodec(',').Decode(b)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b\nc", `"`}, back)
	_, err = CSV("x", '"').Collect(t.Context())
	require.EqualError(t, err, `turbopipes: invalid argument: files.CSV: comma is '"', want a character that is neither a quote nor a line end`)
}

// FuzzCSV: where all of a text is CSV, its records are those of package csv.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\nb\",c\n\"\"\n", "\"a\"\"b\"\r\n\n,\n", "a\"b\n", "\"a", "\"\n"} {
		f.Add(s)
	}
	cut := cutCSV(',')
	f.Fuzz(func(t *testing.T, text string) {
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil || strings.Contains(text, "\r") || strings.HasPrefix(text, string(bom)) {
			return
		}
		var got [][]string
		for b := []byte(text + "\n"); len(b) > 0; {
			end, next, ok := cut(b)
			require.True(t, ok, "%q", b)
			if end > 0 {
				fields, err := CSVCodec(',').Decode(b[:end])
				require.NoError(t, err, "%q", b[:end])
				got = append(got, fields)
			}
			b = b[next:]
		}
		require.Equal(t, want, got)
	})
}

func TestBadArguments(t *testing.T) {
	for want, o := range map[string]turbopipes.Observable[string]{
		"pattern is empty":                              Lines(""),
		`pattern is "[": syntax error in pattern`:       Lines("["),
		"Poll: every is 0s, want more than 0":           Lines("x", Poll(0)),
		"Linger: quiet is -1ns, want at least 0":        Lines("x", Linger(-1)),
		"FlushPartial: quiet is 0s, want more than 0":   Lines("x", FlushPartial(0)),
		"SkipHeader: n is -1, want at least 0":          Lines("x", SkipHeader(-1)),
		"MaxRecord: n is 0, want at least 1":            Lines("x", MaxRecord(0)),
		"MaxOpen: n is 0, want at least 1":              Lines("x", MaxOpen(0)),
		`Exclude: pattern is "[": syntax error in patt`: Lines("x", Exclude("[")),
		`Copies: pattern is "[": syntax error in patte`: Lines("x", Copies("[")),
		"OnTrouble: fn is nil":                          Lines("x", OnTrouble(nil)),
		"option 1 is nil":                               Lines("x", nil),
	} {
		err := o.Drain(t.Context())
		require.ErrorIs(t, err, turbopipes.ErrInvalidArgument)
		require.ErrorContains(t, err, "files.Lines: "+want)
	}
}
