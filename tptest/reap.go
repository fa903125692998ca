package tptest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
)

const labelKey = "tptest"

var labels atomic.Uint64

// mark is a pprof label of which there is only one. Goroutines inherit it from
// the one that starts them.
type mark string

func newMark(name string) mark {
	return mark(name + "#" + strconv.FormatUint(labels.Add(1), 10))
}

// do runs f with the label, on the calling goroutine.
func (m mark) do(ctx context.Context, f func(ctx context.Context)) {
	pprof.Do(ctx, pprof.Labels(labelKey, string(m)), f)
}

// alive gives the stacks of the goroutines that carry the label.
func (m mark) alive() (stacks []string) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return []string{err.Error()}
	}
	label := fmt.Sprintf("%q:%q", labelKey, string(m))
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(stack, label) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
