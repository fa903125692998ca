// Package tptest tests operators by marble diagrams, on virtual time.
//
//	func TestDebounce(t *testing.T) {
//		debounce := operators.Debounce[string](3 * tptest.Step)
//		tptest.Marbles(t, "a-bc---d----e-|", debounce, "------c---d---(e|)")
//	}
//
// One diagram is many tests. [Marbles] runs it to its end; once per item with a
// downstream that leaves there; and once per column with a ctx that is cancelled
// there. All of that is done plainly and under [turbopipes.Checked], each time in
// a bubble of testing/synctest of its own. Each run compares what comes out and
// in which column, and how and when the stream ends, and fails if a goroutine is
// left when it has ended, be it one that was told to end and not waited for. A
// failure shows both diagrams, one above the other, and the stack of a goroutine
// that is left.
//
// # Graceful stops
//
// In further runs, under Checked, the subscription is stopped gracefully, by
// [turbopipes.Subscription.Stop]: in the column of the subscription, and in each in
// which something happens, behind it. What must come out then depends on the operator: what is in flight,
// what its buffers hold. Of any operator it is checked that
//
//   - what has come out before the stop is what it is in the run to the end, and in
//     the same columns;
//   - the stream ends, and completes. It may fail with the error that is expected of
//     the run to the end, with that of a source, or because it is too short
//     ([turbopipes.ErrEmpty], [turbopipes.ErrNotFound],
//     [turbopipes.ErrIndexOutOfRange], [turbopipes.ErrSequenceGap]). It need not end
//     while a source runs that draws no end and that Stop spares, as it does inner
//     streams;
//   - no item counts as discarded;
//   - what comes out behind the stop comes on the subscriber's goroutine, one at a
//     time, and not after the end; and nothing is left behind.
//
// [Unstopped] leaves these runs out.
//
// # Losses
//
// Where the run to the end delivers just the items that its one source hands over, each
// run that is cut short must account for them: what it does not deliver, the operator
// reports by [turbopipes.Lost].
//
// # Diagrams
//
// A column is one [Step] of virtual time.
//
//   - nothing
//     a       an item: a letter, a digit, any character without a meaning of its own
//     {abc}   an item of several characters; it takes one column
//     |       completion
//     #       an error: ErrMarble, unless Error says otherwise
//     (ab|)   several signals at the column of the parenthesis
//     !       ctx is cancelled in the middle of the column; only in what is expected
//     ^       the start of the scenario, in Hot
//
// Spaces are passed over, so that diagrams can be aligned. A group takes as many
// columns as it has characters, as in RxJS, with an item in braces for one, so
// that what stands above one another happens at the same time. What follows a
// group too closely for that can be written as a list of columns and signals, and
// is shown as one:
//
//	5:a 5:b 6:c 6:|
//
// A source that draws no end goes on without one; where no end is expected, the
// stream is still running in the last column, and is cancelled there.
//
// # Scenarios
//
// For several sources, other types of items, or checks besides the diagrams,
// [Run] calls a function for each of these runs, which makes its sources by
// [Cold] and [Hot] and says what is expected by [Expect]:
//
//	tptest.Run(t, func(s *tptest.Scenario) {
//		a := tptest.Cold[int](s, "1-2-3-|", nil)
//		b := tptest.Cold[string](s, "-a---b|", nil, tptest.Subscribed("^-----!"))
//		tptest.Expect(s, operators.Zip(b, join)(a), "-x---y|", map[string]string{"x": "1a", "y": "2b"})
//	})
//
// [Doc] and [DocDiagram] take the diagrams from a doc comment, so that what it
// shows is what is tested. [Probe] steps through a stream by demand. [Gauge]
// counts what runs at the same time.
//
// Signals of several sources that share a column come in the order in which the
// sources were made. An item and an operator's timer that share one come in any
// order: choose columns so that they don't.
package tptest
