//go:build go1.27

package unusedstream

import (
	"strconv"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

func texts(o tp.Observable[int]) tp.Observable[string] {
	o.Pipe(operators.Map(strconv.Itoa)) // want `this Observable is not used`
	return o.Pipe(operators.Map(strconv.Itoa))
}
