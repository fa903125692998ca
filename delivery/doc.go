// Package delivery consumes the stream of a broker in parallel, and loses no event.
//
// An event of a broker is on loan: it stays the broker's until it is settled. A
// [Delivery] is the event together with the claim that settles it. [Process] runs a
// function for each event, and settles the event when the function has returned. A
// pipeline with several stages runs in [Through], with stages that keep the claim:
// [Map], [TryMap], [Parallel], [Filter], [FlatMap], [Batch], [Tee] and [Each].
//
// What is promised:
//
//   - At least once. An event is settled at the broker only after the function has
//     returned nil for it, or a dead-letter sink has, or a filter has dropped it.
//   - Bounded repetition. After a crash, at most MaxUncommitted events of a partition
//     come again. After a graceful stop, none does.
//   - Order per key, also over retries and restarts, where the broker has an order.
//   - Bounded memory. A full window holds the session, which then fetches no more.
//   - Reaped. When the stream has ended, the session is closed, no goroutine is left,
//     and all that may be committed is committed.
//
// A connector is a [Source]. It keeps its account in a [Tracker], if the broker is a
// log with positions, or in a [Ledger], if the broker is a queue with an ack for each
// event. Package deliverytest has the tests that each connector has to pass, and a
// broker in memory.
package delivery
