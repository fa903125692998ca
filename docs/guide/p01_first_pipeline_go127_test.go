//go:build go1.27

package guide_test

import (
	"fmt"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func Example_chain() {
	sizes := tp.Just("turbo", "pipes", "for", "Go").
		Pipe(operators.Filter(func(w string) bool { return len(w) > 3 })).
		Pipe(operators.Map(func(w string) int { return len(w) }))
	fmt.Println(sizes.Collect(ctx))
	// Output: [5 5] <nil>
}
