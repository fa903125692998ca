// Package opt gathers options. Each option of the module sets something in a struct
// of settings, and says whether its argument is right.
//
// Operators with the same options share a family. A family is an interface that exactly
// these options implement. So the compiler accepts only the options that an operator
// takes, and at run time an operator refuses values, but never an option.
package opt

import (
	"fmt"
	"time"

	"github.com/turbopipes/turbopipes/internal/handoff"
)

// Option sets something in S, the settings of an operator. bad says what is wrong
// with the option's argument, and is empty if the argument is right. Only [Func] has set,
// so nobody outside the module can make an option.
type Option[S any] interface{ set(*S) (bad string) }

// Func is an [Option]. The types of options embed one.
type Func[S any] func(*S) (bad string)

// Set is a [Func] for the settings of families that do not know the item's type.
type Set = Func[Settings]

var _ = Set.set // only types of other packages use it, by embedding

func (f Func[S]) set(s *S) string {
	if f == nil {
		return "an option is a zero value, want the result of its function"
	}
	return f(s)
}

// Gather returns s with opts applied in order. It stops at the first option that is
// wrong. bad describes the mistake, as in "option 2 is nil" or in "WithQueue: n is 0,
// want at least 1". Options count from 1.
func Gather[S any, O Option[S]](s S, opts []O) (_ S, bad string) {
	if len(opts) == 0 {
		return s, "" // s does not escape
	}
	return gather(s, opts)
}

func gather[S any, O Option[S]](s S, opts []O) (_ S, bad string) {
	for i, o := range opts {
		if any(o) == nil {
			return s, fmt.Sprintf("option %d is nil", i+1)
		}
		if bad := o.set(&s); bad != "" {
			return s, bad
		}
	}
	return s, ""
}

// AtLeast says what is wrong with an option's argument that is less than least.
func AtLeast[N int | int64](option, name string, n, least N) (bad string) {
	if n >= least {
		return ""
	}
	return option + ": " + TooSmall(name, n, least)
}

// Positive says what is wrong with an option's argument that is not more than 0.
func Positive(option, name string, d time.Duration) (bad string) {
	if d > 0 {
		return ""
	}
	return option + ": " + NotPositive(name, d)
}

// NotNegative says what is wrong with an option's argument that is less than 0.
func NotNegative(option, name string, d time.Duration) (bad string) {
	if d >= 0 {
		return ""
	}
	return option + ": " + Negative(name, d)
}

// NotNil says what is wrong with an option's argument where it is nil.
func NotNil(option, name string, isNil bool) (bad string) {
	if !isNil {
		return ""
	}
	return option + ": " + name + " is nil"
}

// TooSmall is the text for an argument that is less than least.
func TooSmall[N int | int64](name string, n, least N) string {
	return fmt.Sprintf("%s is %d, want at least %d", name, n, least)
}

// BadOverflow is the text for a strategy that does not exist.
func BadOverflow(strategy handoff.Overflow) string {
	return fmt.Sprintf("the overflow strategy is %d, want Block, DropNewest, DropOldest or Fail", strategy)
}

// NotPositive is the text for a duration that has to be more than 0.
func NotPositive(name string, d time.Duration) string {
	return fmt.Sprintf("%s is %v, want more than 0", name, d)
}

// Negative is the text for a duration that must not be less than 0.
func Negative(name string, d time.Duration) string {
	return fmt.Sprintf("%s is %v, want at least 0", name, d)
}
