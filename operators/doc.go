// Package operators has the operators of turbopipes, one to a file: functions
// that return a [turbopipes.Operator], to be applied with Pipe.
//
// # Parallel work
//
//   - [Parallel], [ParallelBy], [ParallelResults], [Tasks]: tasks in a bounded
//     window
//   - [TryMap]: one task at a time
//   - [AsResults], [Unwrap]: failures as data, and back
//
// # Transforming
//
//   - [Map], [FilterMap], [Scan], [Materialize]
//   - [ConcatMap], [FlatMap], [SwitchMap]: a stream for each item
//   - [BufferWithCount], [BufferWithTimeOrCount]: batches
//
// # Filtering
//
//   - [Filter], [Debounce]
//   - [Take], [TakeWhile], [TakeUntil], [TakeFor]
//   - [Skip], [SkipWhile]
//
// # Combining
//
//   - [Merge], [Concat], [Zip]
//
// # Errors
//
//   - [Retry], [Catch], [Timeout]
//
// # Aggregates
//
//   - [Reduce]
//
// # Hot streams
//
//   - [Share], [ShareReplay]: one run of upstream for many subscribers
//
// # Utilities
//
//   - [Do], [Finally], [Name]
//   - [ObserveOn], [Prefetch]: a queue between two goroutines
//   - [Self]: the key of items that are their own key
package operators
