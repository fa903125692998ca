// Package tptest tests operators by marble diagrams, on virtual time.
//
//	func TestDebounce(t *testing.T) {
//		debounce := operators.Debounce[string](3 * tptest.Step)
//		tptest.Marbles(t, "a-bc---d----e-|", debounce, "------c---d---(e|)")
//	}
//
// One diagram is many tests. [Marbles] runs it:
//
//   - to its end;
//   - once per item, with a downstream that leaves at that item;
//   - once per column, with a ctx that is cancelled in that column.
//
// It does each of these plainly and under [turbopipes.Checked], each time in its own
// bubble of testing/synctest. Each run compares the items and their columns, and how
// and when the stream ends. It also fails if a goroutine is left when the stream has
// ended, even a goroutine that was told to end but was not waited for. A failure shows
// both diagrams, one above the other, and the stack of a goroutine that is left.
//
// # Graceful stops
//
// In further runs, under Checked, [turbopipes.Subscription.Stop] stops the subscription
// gracefully: after the column of the subscription, and after each column in which
// something happens. The items that follow then depend on the operator: on items in
// flight, and on the content of its buffers. For every operator, these runs check that
//
//   - the items before the stop are the same as in the run to the end, and come in the
//     same columns;
//   - the stream ends, and completes. It may fail with the error that is expected of
//     the run to the end, with the error of a source, or because it is too short
//     ([turbopipes.ErrEmpty], [turbopipes.ErrNotFound],
//     [turbopipes.ErrIndexOutOfRange], [turbopipes.ErrSequenceGap]). It need not end
//     while a source runs whose diagram has no end and which Stop does not reach, such
//     as an inner stream;
//   - no item counts as discarded;
//   - the items after the stop come on the subscriber's goroutine, one at a time, and
//     not after the end; and no goroutine is left.
//
// [Unstopped] leaves these runs out.
//
// # Losses
//
// Where the run to the end delivers exactly the items that its one source hands over,
// each run that is cut short must account for all items: the operator reports those
// that it does not deliver, by [turbopipes.Lost].
//
// # Diagrams
//
// A column is one [Step] of virtual time.
//
//   - nothing
//     a       an item: a letter, a digit, any character without a special meaning
//     {abc}   an item of several characters; it takes one column
//     |       completion
//     #       an error: ErrMarble, unless Error says otherwise
//     (ab|)   several signals at the column of the parenthesis
//     !       ctx is cancelled in the middle of the column; only in expectations
//     ^       the start of the scenario, in Hot
//
// Spaces are ignored, so that diagrams can be aligned. A group takes as many columns as
// it has characters, as in RxJS, and an item in braces counts as one character. So
// signals that stand above one another happen at the same time. When signals follow a
// group too closely for that, write the diagram as a list of columns and signals. Reports
// show such diagrams as lists too:
//
//	5:a 5:b 6:c 6:|
//
// A source whose diagram has no end continues without one. An expectation without an end
// means that the stream still runs in the last column; it is cancelled there.
//
// # Scenarios
//
// For several sources, other types of items, or checks besides the diagrams, use [Run].
// It calls a function for each of these runs. The function makes its sources with [Cold]
// and [Hot], and says what it expects with [Expect]:
//
//	tptest.Run(t, func(s *tptest.Scenario) {
//		a := tptest.Cold[int](s, "1-2-3-|", nil)
//		b := tptest.Cold[string](s, "-a---b|", nil, tptest.Subscribed("^-----!"))
//		tptest.Expect(s, operators.Zip(b, join)(a), "-x---y|", map[string]string{"x": "1a", "y": "2b"})
//	})
//
// [Doc] and [DocDiagram] take the diagrams from a doc comment, so that the comment shows
// exactly what is tested. [Probe] steps through a stream by demand. [Gauge] counts what
// runs at the same time.
//
// Signals of several sources that share a column come in the order in which the sources
// were made. An item and an operator's timer that share a column come in any order:
// choose columns so that they do not.
package tptest
