package sse

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// parse feeds a text in chunks of n bytes.
func parse(t *testing.T, text string, n int) (events []string, p *parser) {
	t.Helper()
	p = &parser{most: 1 << 20, retry: -1}
	for b := []byte(text); len(b) > 0; {
		chunk := b[:min(n, len(b))]
		b = b[len(chunk):]
		more, err := p.feed(chunk, func(e Event) bool {
			events = append(events, fmt.Sprintf("%s|%s|%s|%v", e.ID, e.Type, e.Data, e.own))
			return true
		})
		require.NoError(t, err)
		require.True(t, more)
	}
	return events, p
}

func TestParser(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"data of several lines":       {"data: YHOO\ndata: +2\ndata: 10\n\n", []string{"|message|YHOO\n+2\n10|false"}},
		"the standard's second":       {": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", []string{"1|message|first event|true", "|message|second event|true", "|message| third event|false"}},
		"the standard's third":        {"data\n\ndata\ndata\n\ndata:", []string{"|message||false", "|message|\n|false"}},
		"the standard's fourth":       {"data:test\n\ndata: test\n\n", []string{"|message|test|false", "|message|test|false"}},
		"carriage returns":            {"data: a\rdata: b\r\rdata: c\r\r", []string{"|message|a\nb|false", "|message|c|false"}},
		"both":                        {"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []string{"|message|a\nb|false", "|message|c|false"}},
		"mixed":                       {"data: a\r\n\ndata: b\n\rdata: c\r\n\n", []string{"|message|a|false", "|message|b|false", "|message|c|false"}},
		"a byte order mark":           {"\xef\xbb\xbfdata: a\n\n", []string{"|message|a|false"}},
		"two of them":                 {"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", nil},
		"a type, once":                {"event: x\ndata: a\n\ndata: b\n\n", []string{"|x|a|false", "|message|b|false"}},
		"a type without data":         {"event: x\n\ndata: b\n\n", []string{"|message|b|false"}},
		"an id without data":          {"id: 7\n\ndata: b\n\n", []string{"7|message|b|false"}},
		"an id with a NUL":            {"id: 7\n\nid: 8\x00\ndata: b\n\n", []string{"7|message|b|false"}},
		"an unknown field":            {"datum: a\ndata: b\n\n", []string{"|message|b|false"}},
		"comments":                    {":\n: data: a\n:\n\ndata: b\n:x\n\n", []string{"|message|b|false"}},
		"cut off":                     {"data: a\n\ndata: b\n", []string{"|message|a|false"}},
		"a colon in the value":        {"data: a: b\n\n", []string{"|message|a: b|false"}},
		"no such field, and no colon": {"x\n\n", nil},
	} {
		for n := 1; n < 60; n += 1 + n/4 {
			got, _ := parse(t, c.text, n)
			require.Equal(t, c.want, got, "%s, in chunks of %d", name, n)
		}
	}
	for text, want := range map[string]int64{
		"retry: 5\n": 5, "retry: x\n": -1, "retry: -1\n": -1, "retry\n": -1, "retry: 99999999999999\n": -1, "retry: 0\n": 0, "retry: 1.5\n": -1,
	} {
		_, p := parse(t, text, 100)
		require.Equal(t, want, p.retry, text)
	}
}

func TestEventsThatAreTooLong(t *testing.T) {
	for _, text := range []string{"data: 123456789012345", "data: 12345\ndata: 12345\n", ":2345678901234567890\n"} {
		p := &parser{most: 16}
		_, err := p.feed([]byte(text), func(Event) bool { return true })
		require.ErrorIs(t, err, ErrTooLong, text)
	}
	p := &parser{most: 16}
	more, err := p.feed([]byte("data: 1\n\ndata: 2\n\n"), func(Event) bool { return false })
	require.NoError(t, err)
	require.False(t, more)
}

var lineEnds = regexp.MustCompile("\r\n|\r|\n")

// byTheBook is the algorithm of the standard, word by word, over a whole text.
func byTheBook(text string) (events []string, retry int64) {
	retry = -1
	lines := lineEnds.Split(strings.TrimPrefix(text, "\ufeff"), -1)
	var data, kind, id, last string
	own := false
	for _, line := range lines[:len(lines)-1] { // the last one has no end
		if line == "" {
			last = id
			if data != "" {
				if kind == "" {
					kind = "message"
				}
				events = append(events, fmt.Sprintf("%s|%s|%s|%v", last, kind, strings.TrimSuffix(data, "\n"), own))
			}
			data, kind, own = "", "", false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "data":
			data += value + "\n"
		case "id":
			if !strings.Contains(value, "\x00") {
				id, own = value, true
			}
		case "retry":
			if regexp.MustCompile(`^[0-9]+$`).MatchString(value) && len(value) < 9 {
				_, _ = fmt.Sscan(strings.TrimLeft(value[:len(value)-1], "0")+value[len(value)-1:], &retry)
			}
		}
	}
	return events, retry
}

// FuzzParser: however a stream is cut into chunks, its events are those of the standard.
func FuzzParser(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "\xef\xbb\xbfid: 1\r\ndata: a\rdata\r\n\r\n", "retry: 07\nevent:x\ndata::\n\n", "id: \x00\n:\n\ndata:\n\n", "\r\n\r\r\n\n"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		want, retry := byTheBook(text)
		got, p := parse(t, text, max(1, n))
		require.Equal(t, want, got)
		if retry >= 0 {
			require.Equal(t, retry, p.retry)
		}
	})
}

// FuzzRoundTrip: what the server writes is what the client reads.
func FuzzRoundTrip(f *testing.F) {
	f.Add("1", "price", "a\nb")
	f.Add("", "", "\r\n\r\n:data: x\n")
	f.Fuzz(func(t *testing.T, id, kind, data string) {
		text, err := Event{ID: id, Type: kind, Data: []byte(data)}.appendTo([]byte(": \n\n"), id != "")
		if err != nil {
			require.True(t, strings.ContainsAny(id+kind, "\r\n\x00"))
			return
		}
		if kind == "" {
			kind = message
		}
		want := lineEnds.ReplaceAllString(data, "\n")
		got, _ := parse(t, string(text), 1+len(text)/3)
		require.Equal(t, []string{fmt.Sprintf("%s|%s|%s|%v", id, kind, want, id != "")}, got)
	})
}

func BenchmarkParser(b *testing.B) {
	text := bytes.Repeat([]byte("id: 12345\nevent: price\ndata: {\"symbol\":\"X\",\"price\":1.25}\n\n"), 100)
	b.ReportAllocs()
	for b.Loop() {
		p := &parser{most: 1 << 20}
		_, _ = p.feed(text, func(Event) bool { return true })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/event")
}
