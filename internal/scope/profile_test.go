package scope

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/internal/run"
)

// written is the text of a profile. Write must also accept it in pieces.
const written = `goroutine profile: total 12
5 @ 0x1 0x2
# labels: {"turbopipes":"fetch/Parallel", "turbopipes-scope":"7"}
#	0x1	time.Sleep+0x164	runtime/time.go:363
#	0x2	example.com/app.fetch+0x79		/my folder/app/fetch.go:9
#	0x3	github.com/turbopipes/turbopipes/internal/window.(*worker).run+0x1	window/crew.go:1
#	0x4	github.com/turbopipes/turbopipes/internal/scope.(*Scope).life+0x1	scope/scope.go:1

2 @ 0x1 0x2
# labels: {"turbopipes":"Share", "turbopipes-scope":"8"}
#	0x1	sync.(*Cond).Wait+0x164	sync/cond.go:1
#	0x2	github.com/turbopipes/turbopipes/internal/hot.(*Conn).wait+0x79	hot/conn.go:1
#	0x3	github.com/turbopipes/turbopipes/operators.x+0x1	operators/x.go:1
#	0x4	github.com/turbopipes/turbopipes/internal/scope.(*Scope).life+0x1	scope/scope.go:1

1 @ 0x1 0x2
# labels: {"turbopipes":"Merge", "turbopipes-scope":"9"}
#	0x2	github.com/turbopipes/turbopipes/internal/scope.(*Scope).Join+0x79	scope/scope.go:1
#	0x4	github.com/turbopipes/turbopipes/internal/scope.(*Scope).life+0x1	scope/scope.go:1

1 @ 0x1 0x2
#	0x2	time.Sleep+0x79	runtime/time.go:363
#	0x4	main.main+0x1	main.go:1

1 @ 0x1 0x2
# labels: {"user":"u"}
#	0x2	main.task+0x79	main.go:7
#	0x4	github.com/turbopipes/turbopipes/internal/scope.(*Scope).life+0x1	scope/scope.go:1
`

func TestProfile(t *testing.T) {
	fetch := []stack{{goroutines: 5, text: " < time.Sleep runtime/time.go:363 < example.com/app.fetch /my folder/app/fetch.go:9", ours: true}}
	for _, piece := range []int{1, 7, len(written)} {
		p := &profile{byLabel: map[string][]stack{}, byTag: map[uint64][]stack{}, texts: map[string]string{}}
		for text := written; text != ""; text = text[min(piece, len(text)):] {
			n, err := p.Write([]byte(text[:min(piece, len(text))]))
			require.NoError(t, err)
			require.Equal(t, min(piece, len(text)), n)
		}
		p.finish()
		require.Equal(t, fetch, p.byLabel["7"], "the first record has its number too")
		require.Equal(t, 2, p.byLabel["8"][0].goroutines)
		require.Equal(t, " < sync.(*Cond).Wait sync/cond.go:1"+
			" < github.com/turbopipes/turbopipes/internal/hot.(*Conn).wait hot/conn.go:1"+
			" < github.com/turbopipes/turbopipes/operators.x operators/x.go:1"+
			" < github.com/turbopipes/turbopipes/internal/scope.(*Scope).life scope/scope.go:1", p.byLabel["8"][0].text, "where nothing else is there")
		require.True(t, p.byLabel["9"][0].silent)
		require.Len(t, p.byLabel, 3)
		require.Equal(t, []stack{{goroutines: 1, text: " < main.task main.go:7", ours: true}}, p.strays)
	}
}

func TestProfileOfATaggedCall(t *testing.T) {
	seen := map[uint64]bool{}
	for range 1 << tagBits {
		tag := NewTag()
		require.False(t, seen[tag])
		seen[tag] = true
	}
	for _, tag := range []uint64{0, 1, 0o7654, 0o4321, 0o7777} {
		inside, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			Tagged(tag, func() { Tagged(tag^0o1010, func() { close(inside); <-release }) })
		}()
		<-inside
		p := takeProfile()
		close(release)
		<-done
		for _, t1 := range []uint64{tag, tag ^ 0o1010} {
			require.Len(t, p.byTag[t1], 1)
			require.Equal(t, 1, p.byTag[t1][0].goroutines)
			require.Contains(t, p.byTag[t1][0].text, "TestProfileOfATaggedCall")
		}
		require.Len(t, p.byTag, 2)
	}
}

// A wait whose goroutines can't be found is also reported, after a second look.
func TestStacks(t *testing.T) {
	w := &watch{rec: run.From(context.Background()), warning: warning{after: 1}, nextLook: 1, label: "7", ownJoins: 1}
	none := &profile{}
	stacks, wait := w.stacks(none)
	require.Empty(t, stacks)
	require.True(t, wait)
	w.nextLook = 2
	_, wait = w.stacks(none)
	require.False(t, wait)
	silent := &profile{byLabel: map[string][]stack{"7": {{goroutines: 1, silent: true}, {goroutines: 1}}}}
	_, wait = w.stacks(silent)
	require.True(t, wait)
}

func BenchmarkTagged(b *testing.B) {
	n := 0
	for b.Loop() {
		Tagged(NewTag(), func() { n++ })
	}
}
