package operators_test

import (
	"context"
	"time"

	"github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

// errors returns the entries of the operators that handle errors.
func (p parts) errors() []entry {
	return []entry{
		on("Catch", operators.Catch(p.ignore)).recovering().one(),
		on("CircuitBreaker", operators.CircuitBreaker[int](operators.NewBreaker(operators.WithThreshold(1000)))).one(),
		from("DeadLetter", p.result, operators.DeadLetter(func(context.Context, turbopipes.Result[int]) error { return nil })).one(),
		on("MapError", operators.MapError[int](func(error) error { return nil })).one(),
		on("OnErrorComplete", operators.OnErrorComplete[int](nil)).recovering().one(),
		on("OnErrorResumeNext", operators.OnErrorResumeNext(p.side)).recovering().one(),
		on("OnErrorReturn", operators.OnErrorReturn(func(error) int { return -1 })).recovering(),
		on("OnErrorReturnItem", operators.OnErrorReturnItem(-1)).recovering(),
		on("Results", operators.Results[int]()).recovering(),
		on("Retry", operators.Retry[int](2)).repeating().one(),
		on("Retry/backoff", operators.Retry[int](1, operators.WithBackoff(operators.Constant(time.Second)))).repeating().one(),
		on("Timeout", operators.Timeout[int](time.Hour)).one(),
	}
}
