package main

import "strings"

// fill puts the operator's name and parameter into a text.
func (o operator) fill(text string) string {
	parameter, argument, example, huge := "", "", "", ""
	if o.sized {
		parameter, argument, example, huge = "n int", "2", "1", "1000"
	}
	return strings.NewReplacer(
		"NAME", o.name, "FILE", o.file(), "PARAMETER", parameter, "ARGUMENT", argument, "EXAMPLE", example, "HUGE", huge,
	).Replace(text)
}

func (o operator) source() string {
	text := `package operators

import (
	"context"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/internal/own"
)

// NAME emits … TODO: one sentence that says what it does.
//
//	in:  a-b-c-|
//	out: a-b-c-|
//
// Emits when an item comes. TODO: Drops …; Fails …; Completes …. Fails and completes
// with upstream. Memory: none. Goroutines: none; it runs inside its subscriber's.
//
// TODO: what is an ErrInvalidArgument, what to use instead for a similar need, and what
// it corresponds to in RxJS, Reactor and RxGo.
func NAME[T any](PARAMETER) turbopipes.Operator[T, T] {
	CHECKreturn turbopipes.Lift(own.Mark+"NAME", func(ctx context.Context, in turbopipes.Observable[T], emit func(T) bool) error {
		// TODO: state is born here, so that each subscription has its own. For an item that
		// is left out, see filter.go; for a function of the user, scan.go; for a
		// goroutine, debounce.go.
		return in.Push(ctx, func(v T) bool {
			return emit(v)
		})
	})
}
`
	check := ""
	if o.sized {
		check = `if n < 1 {
		return turbopipes.Invalid[T, T]("NAME", fmt.Sprintf("n is %d, want at least 1", n))
	}
	`
		text = strings.Replace(text, "\t\"context\"\n", "\t\"context\"\n\t\"fmt\"\n", 1)
		text = strings.Replace(text, "in:  a-b-c-|\n", "in:  a-b-c-|   n: 2\n", 1)
	}
	return o.fill(strings.Replace(text, "CHECK", check, 1))
}

func (o operator) test() string {
	text := `package operators_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
	"github.com/turbopipes/turbopipes/tptest"
)

func TestNAME(t *testing.T) {
	op := operators.NAME[string](ARGUMENT)
	tptest.Doc(t, "FILE.go", "NAME", op)
	for name, c := range map[string]struct{ in, out string }{
		"empty":             {"--|", "--|"},
		"an error at first": {"#", "#"},
		"an error later":    {"a-b#", "a-b#"},
	} {
		t.Run(name, func(t *testing.T) { tptest.Marbles(t, c.in, op, c.out) })
	}
INVALID}

func ExampleNAME() {
	// TODO: a real use, in at most 15 lines.
	letters := turbopipes.Just("a", "b")
	fmt.Println(operators.NAME[string](EXAMPLE)(letters).Collect(context.Background()))
	// Output: [a b] <nil>
}

func BenchmarkNAME(b *testing.B) { benchmark(b, operators.NAME[int](HUGE)) }
`
	invalid := ""
	if o.sized {
		invalid = "\trequireInvalid(t, operators.NAME[int](0), \"NAME: n is 0, want at least 1\")\n"
	}
	return o.fill(strings.Replace(text, "INVALID", invalid, 1))
}

// steps says what was done, and what is left.
func (o operator) steps(files []string) string {
	return o.fill("These files were made or changed:\n\n    " + strings.Join(files, "\n    ") + `

What is left:

 1. Write the operator: operators/FILE.go. Its diagram is run as a test.
 2. Write its tests: operators/FILE_test.go.
 3. git grep -n --untracked TODO -- operators internal docs ':!internal/cmd/newop'
    Each line that newop has left:
      operators/doc.go                   in words, what it does
      operators/contract_*_test.go       .one() if it emits one item for each item, else no .one();
                                         .needing(), .recovering(), … : see entry in contract_test.go
      operators/allocs_test.go           move it to notFused if it allocates per item; delete the row if it
                                         has goroutines
      internal/chaos/ops_more_test.go    .with(drops, vague), … : see op in ops_test.go
      internal/cmd/pages/choosing.md     put the name where a reader looks for it
 4. Only if it applies, in operators:
      it calls a function of the user    contract_loss_test.go, failures; requirePanics in its test
      it has a queue                     errors_in_order_test.go
      it takes other streams             sides_test.go
      it has inner streams               stop_inner_test.go, contract_groups_test.go
      it keeps items                     kept_test.go
      RxJS has it                        rxjs_*_test.go, and docs/rxjs.md
 5. internal/cmd/pages/names.tsv: what others call it. CHANGELOG.md: a line.
 6. go generate ./... && go run ./internal/cmd/docs
 7. go test -run 'NAME|House|Covers|Contract|Sizes|Fused' ./operators
    go test ./operators ./internal/chaos ./internal/cmd/... ./docs/guide
`)
}
