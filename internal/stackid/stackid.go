// Package stackid writes a number into the call stack of a goroutine, where a stack
// trace or a goroutine profile shows it. Go has no goroutine-local storage, and
// parsing a goroutine's own id costs 2 µs.
//
// The number takes one frame for each octal digit. Each digit has a function of its
// own, and a frame shows the function's name:
//
//	main.f                  called by Call
//	…/stackid.digit1
//	…/stackid.digit7        the number is 0o17
//	…/stackid.Call
//	main.main               called Call: it tells whose number it is
package stackid

import "strings"

// Call calls f while id is on the stack. It costs about 10 ns, and 5 ns more for
// each digit after the first. It allocates nothing: f does not escape.
//
//go:noinline
func Call(id uint64, f func()) {
	switch id & 7 {
	case 0:
		digit0(id>>3, f)
	case 1:
		digit1(id>>3, f)
	case 2:
		digit2(id>>3, f)
	case 3:
		digit3(id>>3, f)
	case 4:
		digit4(id>>3, f)
	case 5:
		digit5(id>>3, f)
	case 6:
		digit6(id>>3, f)
	case 7:
		digit7(id>>3, f)
	}
}

const (
	digitFrame = "/internal/stackid.digit"
	callFrame  = "/internal/stackid.Call"
)

// Is reports whether function, the name of a frame's function, belongs to this
// package.
func Is(function string) bool {
	return strings.Contains(function, digitFrame) || strings.HasSuffix(function, callFrame)
}

// Reader reads ids out of the frames of a stack, the innermost frame first.
type Reader struct {
	id     uint64
	digits bool // the last frames were digits
	call   bool // the last frame was Call
}

// Next reads the frame of a function. ok is true if this function has called Call
// with id.
func (r *Reader) Next(function string) (id uint64, ok bool) {
	if _, digit, found := strings.Cut(function, digitFrame); found && len(digit) == 1 {
		if !r.digits {
			*r = Reader{digits: true}
		}
		r.id = r.id<<3 | uint64(digit[0]-'0')
		return 0, false
	}
	id, ok = r.id, r.call
	*r = Reader{id: id, call: r.digits && strings.HasSuffix(function, callFrame)}
	return id, ok
}

// The frames of the digits. These functions are equal except for their names. A
// shared function that chooses the next digit would add a second frame for each
// digit. A table of functions would make f escape.

//go:noinline
func digit0(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit1(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit2(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit3(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit4(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit5(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit6(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}

//go:noinline
func digit7(rest uint64, f func()) {
	if rest == 0 {
		f()
		return
	}
	switch rest & 7 {
	case 0:
		digit0(rest>>3, f)
	case 1:
		digit1(rest>>3, f)
	case 2:
		digit2(rest>>3, f)
	case 3:
		digit3(rest>>3, f)
	case 4:
		digit4(rest>>3, f)
	case 5:
		digit5(rest>>3, f)
	case 6:
		digit6(rest>>3, f)
	case 7:
		digit7(rest>>3, f)
	}
}
