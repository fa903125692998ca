//go:build go1.27

package turbopipes_test

import (
	"context"
	"fmt"
	"strconv"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func ExampleObservable_Pipe() {
	squares := tp.Range(1, 9).
		Pipe(operators.Filter(func(v int) bool { return v%2 == 1 })).
		Pipe(operators.Map(func(v int) string { return strconv.Itoa(v * v) })).
		Pipe(operators.Reduce("", func(all, s string) string { return all + s + " " }))
	fmt.Println(squares.Collect(context.Background()))
	// Output: [1 9 25 49 81 ] <nil>
}
