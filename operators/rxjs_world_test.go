package operators_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

// rxjsHorizon is the column in which a stream that has not ended is cancelled.
const rxjsHorizon = 40

type (
	rxjsStream   = turbopipes.Observable[string]
	rxjsOperator = turbopipes.Operator[string, string]
)

// rxjsReplay runs a case, and lists the signals that each subscriber gets.
func rxjsReplay(t *testing.T, c rxjsCase, build func(*rxjsWorld) rxjsStream) string {
	t.Helper()
	var outs []string
	tptest.Run(t, func(s *tptest.Scenario) {
		w := &rxjsWorld{s: s, c: c, begin: time.Now(), sources: map[string]rxjsStream{}}
		for _, name := range slices.Sorted(maps.Keys(c.sources)) {
			w.sources[name] = tptest.Cold[string](s, c.sources[name], nil, tptest.Unwinds(w.duration(c.args["unwinds"])))
		}
		o := turbopipes.Checked(build(w))
		ctx, cancel := context.WithDeadline(s.Context(), w.begin.Add(rxjsHorizon*tptest.Step+tptest.Step/2))
		defer cancel()
		ats, takes := strings.Split(cmp.Or(c.args["subs"], "0"), ","), strings.Split(c.args["take"], ",")
		outs = make([]string, len(ats))
		var running sync.WaitGroup
		for i, at := range ats {
			one := o
			if i < len(takes) && takes[i] != "" {
				one = operators.Take[string](w.number(takes[i]))(o)
			}
			// Subscribers of one column come in turn.
			begin := w.begin.Add(time.Duration(w.number(at))*tptest.Step + time.Duration(i))
			running.Go(func() {
				time.Sleep(time.Until(begin))
				outs[i] = w.record(ctx, one)
			})
		}
		for _, feed := range w.feeders {
			running.Go(func() { feed(ctx) })
		}
		running.Wait()
	})
	return strings.Join(outs, " / ")
}

// rxjsWorld has everything that a builder needs to make its stream.
type rxjsWorld struct {
	s       *tptest.Scenario
	c       rxjsCase
	begin   time.Time
	sources map[string]rxjsStream
	feeders []func(ctx context.Context) // functions that run beside the subscribers
}

func (w *rxjsWorld) src(name string) rxjsStream {
	o, ok := w.sources[name]
	require.True(w.s, ok, "%s has no source %s", w.c.id, name)
	return o
}

// others are the sources b and c, as far as there are any.
func (w *rxjsWorld) others() (found []rxjsStream) {
	for _, name := range []string{"b", "c"} {
		if o, ok := w.sources[name]; ok {
			found = append(found, o)
		}
	}
	return found
}

// inner is the stream for an item: the source p, q or r for those, i for others.
func (w *rxjsWorld) inner(v string) rxjsStream {
	if strings.Contains("pqr", v) {
		return w.src(v)
	}
	return w.src("i")
}

// runs is a stream whose n-th run is the source rn, or the last one there is.
func (w *rxjsWorld) runs() rxjsStream {
	n := 0
	return turbopipes.Defer(func(context.Context) (rxjsStream, error) {
		if _, ok := w.sources[fmt.Sprint("r", n+1)]; ok {
			n++
		}
		return w.src(fmt.Sprint("r", n)), nil
	})
}

func (w *rxjsWorld) has(name string) bool { _, ok := w.c.args[name]; return ok }

func (w *rxjsWorld) n(name string) int { return w.number(w.c.args[name]) }

func (w *rxjsWorld) d(name string) time.Duration { return w.duration(w.c.args[name]) }

func (w *rxjsWorld) duration(columns string) time.Duration {
	return time.Duration(w.number(cmp.Or(columns, "0"))) * tptest.Step
}

func (w *rxjsWorld) number(text string) int {
	n, err := strconv.Atoi(text)
	require.NoError(w.s, err)
	return n
}

// items are the letters of that argument.
func (w *rxjsWorld) items() []string { return strings.Split(w.c.args["items"], "") }

func (w *rxjsWorld) pred() func(v string) bool {
	name, than, _ := strings.Cut(w.c.args["p"], ":")
	pred, ok := map[string]func(v string) bool{
		"all":   func(string) bool { return true },
		"none":  func(string) bool { return false },
		"vowel": isVowel,
		"lt":    func(v string) bool { return v < than },
		"is":    func(v string) bool { return v == than },
	}[name]
	require.True(w.s, ok, "no predicate %s", name)
	return pred
}

// where is the items that the predicate matches, if there is one.
func (w *rxjsWorld) where(o rxjsStream) rxjsStream {
	if w.has("p") {
		return operators.Filter(w.pred())(o)
	}
	return o
}

func (w *rxjsWorld) key() func(v string) string {
	key, ok := map[string]func(v string) string{
		"self": operators.Self[string],
		"case": strings.ToLower,
		"vowel": func(v string) string {
			if isVowel(v) {
				return "v"
			}
			return "c"
		},
	}[w.c.args["key"]]
	require.True(w.s, ok, "no key %s", w.c.args["key"])
	return key
}

func isVowel(v string) bool { return strings.Contains("aeiou", strings.ToLower(v)) }

// record lists the signals that a subscriber gets.
func (w *rxjsWorld) record(ctx context.Context, o rxjsStream) string {
	var signals []string
	tell := func(signal string) {
		signals = append(signals, fmt.Sprintf("%d:%s", time.Since(w.begin)/tptest.Step, signal))
	}
	err := o.Each(ctx, func(v string) error {
		tell(rxjsItem(v))
		return nil
	})
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		tell("!")
	} else {
		tell(rxjsEnd(err))
	}
	return strings.Join(signals, " ")
}

// rxjsItem is an item as a diagram has it.
func rxjsItem(v string) string {
	if len(v) == 1 && !strings.Contains("-()|#!^{}: ", v) {
		return v
	}
	return "{" + v + "}"
}

func rxjsEnd(err error) string {
	if err == nil {
		return "|"
	}
	for target, name := range map[error]string{
		tptest.ErrMarble:              "",
		turbopipes.ErrEmpty:           "empty",
		turbopipes.ErrIndexOutOfRange: "range",
		turbopipes.ErrInvalidArgument: "invalid",
		turbopipes.ErrNotFound:        "notfound",
		turbopipes.ErrTimeout:         "timeout",
		turbopipes.ErrTooManyItems:    "many",
	} {
		if errors.Is(err, target) {
			return "#" + name
		}
	}
	return fmt.Sprintf("#{%v}", err)
}

// rxjsAligned draws lists of signals one above the other. Each column is as wide as its
// contents.
func rxjsAligned(names []string, lists ...string) string {
	var lines []string
	var rows []map[int]string
	last := 0
	for i, list := range lists {
		for subscriber := range strings.SplitSeq(list, " / ") {
			row := map[int]string{}
			for signal := range strings.FieldsSeq(subscriber) {
				at, what, _ := strings.Cut(signal, ":")
				column, _ := strconv.Atoi(at)
				row[column] += what
				last = max(last, column)
			}
			rows = append(rows, row)
			lines = append(lines, fmt.Sprintf("%6s: ", names[i]))
		}
	}
	for column := range last + 1 {
		width := 1
		for _, row := range rows {
			width = max(width, len(row[column]))
		}
		for i, row := range rows {
			lines[i] += row[column] + strings.Repeat("-", width-len(row[column]))
		}
	}
	return strings.Join(lines, "\n")
}
