package tptest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fakeTB records failures and does not report them.
type fakeTB struct {
	testing.TB
	told     []string
	failed   bool
	ended    bool // by FailNow
	cleanups []func()
}

func (f *fakeTB) Helper()          {}
func (f *fakeTB) Failed() bool     { return f.failed }
func (f *fakeTB) Cleanup(c func()) { f.cleanups = append(f.cleanups, c) }
func (f *fakeTB) FailNow()         { f.failed, f.ended = true, true; runtime.Goexit() }
func (f *fakeTB) Error(args ...any) {
	f.failed = true
	f.told = append(f.told, fmt.Sprint(args...))
}
func (f *fakeTB) Errorf(format string, args ...any) { f.Error(fmt.Sprintf(format, args...)) }
func (f *fakeTB) Fatal(args ...any)                 { f.Error(args...); f.FailNow() }
func (f *fakeTB) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }

// run runs a part of a test that may fail, with its cleanups.
func (f *fakeTB) run(test func()) {
	for _, part := range append([]func(){test}, func() {
		for _, c := range f.cleanups {
			c()
		}
	}) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			part()
		}()
		<-done
	}
}

// fakeBubble is a bubble that appends failures to told.
func fakeBubble(t *testing.T, told *[]string) bubble {
	return func(f func(testing.TB)) (err error) {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			fake.run(func() { f(fake) })
			*told = append(*told, fake.told...)
			time.Sleep(24 * time.Hour) // everything that a broken operator leaves ends in this time
			if fake.ended {
				err = errFailNow
			}
		})
		return err
	}
}

// failures returns the failures of a scenario.
func failures(t *testing.T, scenario func(*Scenario)) string {
	t.Helper()
	var told []string
	_ = explore(fakeBubble(t, &told), scenario)
	return strings.Join(told, "\n")
}
