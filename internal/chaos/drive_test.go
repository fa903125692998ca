package chaos

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// random is a plan, of pipelines or of hot streams.
type random interface {
	fmt.Stringer
	title() string              // its name in a report
	play(t *testing.T) []string // runs it, and returns its violations
	shrunk() []random           // plans that are a bit smaller
}

// drive runs the plans that the flags ask for.
func drive(t *testing.T, n int, draw func(seed uint64) random) {
	if *seed != 0 {
		p := draw(*seed)
		t.Logf("plan: %v", p)
		for range *again {
			report(t, p, p.play(t))
		}
		return
	}
	found := 0
	for i := range uint64(n) {
		p := draw(*first + i)
		bad := p.play(t)
		if len(bad) == 0 {
			continue
		}
		if *small {
			p, bad = shrink(t, p, bad)
		}
		report(t, p, bad)
		if found++; found >= *most {
			t.Fatalf("%d violations in %d runs", found, i+1)
		}
	}
}

// inBubble runs a plan in its own bubble, and returns the violations of its world.
func inBubble(t *testing.T, begin func() (w *world, run, check func())) (bad []string) {
	var w *world
	defer func() {
		if v := recover(); v != nil { // usually a deadlock, which the bubble reports
			bad = append(bad, fmt.Sprint(v))
			if w != nil {
				bad = append(bad, w.bad...)
			}
		}
	}()
	synctest.Test(t, func(*testing.T) {
		var run, check func()
		w, run, check = begin()
		run()
		synctest.Wait()
		w.leftBehindIf()
		check()
	})
	return w.bad
}

func report(t *testing.T, p random, bad []string) {
	if len(bad) == 0 {
		return
	}
	t.Fail()
	fmt.Printf("%s:\n\t%s\nplan: %v\n", p.title(), strings.Join(bad, "\n\t"), p) // at once, also where a later run kills the process
}
