package tptest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"testing/synctest"
	"time"
)

const labelKey = "tptest"

var labels atomic.Uint64

// mark is a unique pprof label. Goroutines inherit it from the goroutine that starts
// them.
type mark string

func newMark(name string) mark {
	return mark(name + "#" + strconv.FormatUint(labels.Add(1), 10))
}

// do runs f with the label, on the calling goroutine.
func (m mark) do(ctx context.Context, f func(ctx context.Context)) {
	pprof.Do(ctx, pprof.Labels(labelKey, string(m)), f)
}

// alive returns the stacks of the goroutines that have the label.
func (m mark) alive() (stacks []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	label := fmt.Sprintf("%q:%q", labelKey, string(m))
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, label) {
			stacks = append(stacks, readable(stack))
		}
	}
	return stacks
}

// ours matches frames that say nothing about a goroutine that is left.
var ours = regexp.MustCompile(`^runtime/pprof\.Do$|/tptest\.(\(\*job\)|mark\.do|Expect\[)`)

// readable reduces an entry of a goroutine profile to functions and lines.
func readable(entry string) string {
	var b strings.Builder
	for line := range strings.Lines(entry) {
		if f := strings.Fields(line); len(f) == 4 && f[0] == "#" { // "#", address, function+offset, file:line
			function, _, _ := strings.Cut(f[2], "+0x")
			if ours.MatchString(function) {
				continue
			}
			fmt.Fprintf(&b, "\t%s\n\t\t%s\n", function, f[3])
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// left returns alive after goroutines that have ended are gone: a goroutine may be
// past its last statement and still exist for a moment. In a bubble no time passes.
func (m mark) left() (stacks []string) {
	if bubbleID() != "" {
		synctest.Wait()
		return m.alive()
	}
	for wait := time.Microsecond; ; wait *= 2 {
		if stacks = m.alive(); len(stacks) == 0 || wait > time.Second/4 {
			return stacks
		}
		time.Sleep(wait)
	}
}

var bubbleName = regexp.MustCompile(`synctest bubble \d+`)

// bubbleID returns the id of the caller's bubble, or "".
func bubbleID() string {
	head := make([]byte, 128)
	return string(bubbleName.Find(head[:runtime.Stack(head, false)]))
}

// inBubble returns the stacks of the goroutines of a bubble.
func inBubble(id string) (stacks []string) {
	all := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if head, _, _ := strings.Cut(stack, "\n"); id != "" && bubbleName.FindString(head) == id {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

// goroutineID returns the id of the caller's goroutine.
func goroutineID() string {
	head := make([]byte, 32)
	words := strings.Fields(string(head[:runtime.Stack(head, false)]))
	return words[1] // after "goroutine"
}
