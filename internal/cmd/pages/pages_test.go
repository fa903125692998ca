package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	d, err := read("Window opens.\n\n\tin:  a-b-c|   n: 2\n\topen: -f-t    f: false   t: true\n\tout: x---y|   x: a-b|, y: c|\n\nMore.")
	require.NoError(t, err)
	require.Equal(t, "n: 2", d.params)
	require.Len(t, d.lanes, 3)
	require.Equal(t, "f: false, t: true", d.lanes[1].note)
	out := d.lanes[2]
	require.True(t, out.after)
	require.Empty(t, out.note)
	require.Len(t, out.inner, 2)
	require.Equal(t, 4, out.inner[1].from, "it begins where y is")

	d, err = read("Repeat does.\n\n\tin:  a|   each of the runs\n\tout: aa|   count: 2\n")
	require.NoError(t, err)
	require.Equal(t, "count: 2", d.params)
	require.Equal(t, "each of the runs", d.lanes[0].note)

	d, err = read("Each calls.\n\n\tfor v := range out {\n\t}\n")
	require.NoError(t, err)
	require.False(t, d.drawn())

	_, err = read("Bad.\n\n\tin:  a-(b\n\tout: a|\n")
	require.ErrorContains(t, err, "column 2")
}

// TestDraw checks that a picture is well-formed, also with unusual letters, and wide
// enough for its text.
func TestDraw(t *testing.T) {
	d, err := read("X.\n\n\tin:  <-{a&b}-(cd|)   p: <&>\n\tinner: -x--   of each item\n\tout: -{abcdef}-#   some words\n")
	require.NoError(t, err)
	picture, err := draw(&entry{name: "X", diagram: d})
	require.NoError(t, err)
	decoder := xml.NewDecoder(strings.NewReader(string(picture)))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	require.Contains(t, string(picture), ">abcdef<")
	require.Contains(t, string(picture), "&lt;&amp;&gt;")
}

func TestGuideAndNames(t *testing.T) {
	lib, err := load("../../..", "../../../operators")
	require.NoError(t, err)
	_, err = lib.guide("To wait, see [Debounced], and [Map].")
	require.ErrorContains(t, err, "names Debounced, which does not exist")
	require.ErrorContains(t, err, "never names Filter")
	require.NotContains(t, err.Error(), "never names Map\n")
	_, err = lib.names("RxJS\tmap\tMapp\n")
	require.ErrorContains(t, err, "Mapp does not exist")
	_, err = lib.names("RxJS\tmap\n")
	require.ErrorContains(t, err, "2 cells")
	page, err := lib.names("RxJS\tmap, each\tMap, Observable.Each\tby hand\n")
	require.NoError(t, err)
	require.Contains(t, string(page), "| `map`, `each` | [Map](transforming.md#map), [Observable.Each](consuming.md#observableeach) | by hand |")
}

// TestOptions checks that an option is described at the entries that take it, and at no
// other.
func TestOptions(t *testing.T) {
	lib, err := load("../../..", "../../../operators")
	require.NoError(t, err)
	of := map[string][]string{}
	for _, e := range lib.entries() {
		for _, o := range e.options {
			of[e.name] = append(of[e.name], o.Name)
		}
	}
	require.Equal(t, []string{"OnDiscard", "WithEdge", "WithMaxWait"}, of["Debounce"])
	require.Equal(t, []string{"OnDrop"}, of["OnBackpressureDrop"])
	require.Equal(t, []string{"FlushOnError", "OnDiscard", "WithStep"}, of["BufferWithCount"], "and none that it refuses")
	require.Equal(t, []string{"EmitEmpty", "FlushOnError", "OnDiscard", "WithMaxItems"}, of["BufferWithTime"])
	require.Contains(t, of["ParallelBy"], "Ordered")
	require.Contains(t, of["Share"], "WithGrace", "whose type has another name there")
	require.NotContains(t, of["Share"], "WithTTL")
	require.Contains(t, of["ShareReplay"], "WithTTL")
	require.Equal(t, []string{"FallbackTo", "OnDrop", "WithScope"}, of["Timeout"])
	require.Equal(t, []string{"OnDrop", "WithMaxBytes"}, of["SpillToDisk"])
	require.Contains(t, of["Connectable"], "KeepOnError", "of a method")
	require.Contains(t, string(lib.options()), "| [`operators.Ordered()`](options.md#ordered) | [Parallel](")
	require.Contains(t, of["GroupBy"], "WithQueue", "of the other package")
	require.Empty(t, of["Merge"])
}
