package guide_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_theBlockIsTheBackpressure() {
	made := 0
	numbers := tp.Create(func(_ context.Context, emit func(int) bool) error {
		for made < 1000 {
			made++
			if !emit(made) { // waits until downstream has taken the item
				return nil
			}
		}
		return nil
	})
	for v, err := range numbers.Seq(ctx) {
		if err != nil || v == 3 {
			break
		}
	}
	fmt.Println("made:", made)
	// Output: made: 3
}

func Example_dropAndCount() {
	ctx := tp.WithLossHook(ctx, func(l tp.Loss) { fmt.Println(l.Stage, l.Reason, l.Item) })
	quotes := tp.Just(101, 102, 103, 104) // a source that can't wait

	first, release := make(chan struct{}), make(chan struct{})
	s := operators.OnBackpressureBuffer[int](1, tp.DropOldest)(held(quotes, first, release)).Subscribe(ctx, tp.Observer[int]{
		Next: func(q int) {
			if q == 101 {
				close(first) // the source goes on
				<-release    // and this is slow
			}
		},
	})
	fmt.Println(s.Wait())
	fmt.Printf("delivered %d, dropped %d\n", s.Stats().Delivered, s.Stats().Dropped)
	// Output:
	// OnBackpressureBuffer Dropped 102
	// OnBackpressureBuffer Dropped 103
	// <nil>
	// delivered 2, dropped 2
}

// held is in, which waits for first before its second item, and closes release at its
// end.
func held(in tp.Observable[int], first <-chan struct{}, release chan<- struct{}) tp.Observable[int] {
	n := 0
	waits := operators.Do(operators.Hooks[int]{Next: func(int) {
		if n++; n == 2 {
			<-first
		}
	}})
	return operators.Finally[int](func() { close(release) })(waits(in))
}

// burst is a source that emits a letter every millisecond, and says when it is done.
func burst(letters string, began time.Time, done *time.Duration) tp.Observable[string] {
	return tp.Create(func(ctx context.Context, emit func(string) bool) error {
		defer func() { *done = time.Since(began) }()
		for _, letter := range letters {
			time.Sleep(time.Millisecond)
			if ctx.Err() != nil || !emit(string(letter)) {
				return context.Cause(ctx)
			}
		}
		return nil
	})
}

// TestBurst makes the table of the page: the effect of each strategy on one burst. Eight
// letters come a millisecond apart, and downstream takes 3 ms and a little for each.
func TestBurst(t *testing.T) {
	join := func(batch []string) string { return "{" + strings.Join(batch, "") + "}" }
	concat := func(pending, next string) string { return pending + next }
	var b strings.Builder
	b.WriteString("\n| operator | delivered | dropped | source done after | ends after |\n|---|---|---|---|---|\n")
	for _, c := range []struct {
		name string
		op   tp.Operator[string, string]
	}{
		{"none", operators.Filter(func(string) bool { return true })},
		{"Prefetch(2)", operators.Prefetch[string](2)},
		{"OnBackpressureBuffer(2, Block)", operators.OnBackpressureBuffer[string](2, tp.Block)},
		{"OnBackpressureBuffer(2, DropNewest)", operators.OnBackpressureBuffer[string](2, tp.DropNewest)},
		{"OnBackpressureBuffer(2, DropOldest)", operators.OnBackpressureBuffer[string](2, tp.DropOldest)},
		{"OnBackpressureBuffer(2, Fail)", operators.OnBackpressureBuffer[string](2, tp.Fail)},
		{"OnBackpressureDrop()", operators.OnBackpressureDrop[string]()},
		{"OnBackpressureLatest()", operators.OnBackpressureLatest[string]()},
		{"OnBackpressureError()", operators.OnBackpressureError[string]()},
		{"OnBackpressureReduce(concat)", operators.OnBackpressureReduce(concat)},
		{"OnBackpressureBatch(3)", tp.Compose2(operators.OnBackpressureBatch[string](3), operators.Map(join))},
		{"Conflate(first, concat)", operators.Conflate(operators.Self[string], concat)},
		{"ConflateByKey(vowel or not)", operators.ConflateByKey(func(v string) bool { return strings.Contains("aeiou", v) })},
		{"LoadShed(2, 4ms)", operators.LoadShed[string](2, 4*time.Millisecond)},
		{"BackpressureTimeout(2ms)", operators.BackpressureTimeout[string](2 * time.Millisecond)},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got []string
			var done time.Duration
			began := time.Now()
			s := c.op(burst("abcdefgh", began, &done)).Subscribe(t.Context(), tp.Observer[string]{Next: func(v string) {
				got = append(got, v)
				time.Sleep(3*time.Millisecond + 100*time.Microsecond)
			}})
			err := s.Wait()
			took := time.Since(began)
			end := ""
			switch {
			case errors.Is(err, tp.ErrOverflow):
				end = ", `ErrOverflow`"
			case errors.Is(err, tp.ErrBackpressureTimeout):
				end = ", `ErrBackpressureTimeout`"
			default:
				require.NoError(t, err)
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | %d | %d ms | %d ms |\n",
				c.name, strings.Join(got, " "), end, s.Stats().Dropped, done.Milliseconds(), took.Milliseconds())
		})
	}
	table(t, "04-backpressure.md", "burst", b.String()+"\n")
}
