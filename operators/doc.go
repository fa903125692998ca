// Package operators contains the operators of turbopipes: functions that return a
// [turbopipes.Operator], which Pipe applies to a stream. Each has a file of its own.
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
//   - [Map], [FilterMap], [Scan], [ScanWith], [Materialize]
//   - [ConcatMap], [FlatMap], [SwitchMap], [ExhaustMap]: a stream for each item
//   - [FlatMapSeq]: an iterator for each item
//   - [Expand]: a stream for each item, and for each item of that stream
//   - [Flatten], [SwitchAll]: streams that are items
//   - [BufferWithCount], [BufferWithTimeOrCount]: batches
//   - [Unbatch]: the items of batches
//   - [StatefulMap]: a state that is opened and closed
//   - [Pairwise], [Index], [Intersperse]
//   - [Cast], [OfType], [Marshal], [Unmarshal]: other types of items
//
// # Windows and groups
//
//   - [GroupBy], [GroupByN]: a stream for each key
//   - [WindowWithCount], [WindowWithTime], [WindowWithTimeOrCount], [WindowWhen]:
//     a stream for each run of items
//   - [BufferWithTime], [BufferWhen], [BufferWeighted], [BufferUntilChanged],
//     [SlidingWindow], [SessionWindow]: a slice for each
//   - [EventTimeWindow]: windows by the time of the items
//
// # Filtering
//
//   - [Filter], [IgnoreElements]
//   - [Debounce], [Sample]: fewer items, by time
//   - [Distinct], [DistinctUntilChanged], [Dedup]: repeats
//   - [Take], [TakeWhile], [TakeUntil], [TakeUntilMatch], [TakeFor], [TakeLast]
//   - [Skip], [SkipWhile], [SkipUntil], [SkipFor], [SkipLast]
//   - [First], [FirstOrDefault], [Last], [LastOrDefault], [ElementAt], [Single],
//     [Find], [FindIndex]: one item
//
// # Combining
//
//   - [Merge], [Concat], [StartWith], [EndWith]
//   - [MergeSorted], [MergePrioritized], [Interleave]
//   - [Race], [Partition]
//   - [Zip], [CombineLatest], [WithLatestFrom], [ForkJoin], [Join]
//   - [CombineLatestAll], [ZipAll]: for streams that are items
//
// # Errors
//
//   - [Retry], [Catch], [Timeout]
//   - [OnErrorResumeNext], [OnErrorReturn], [OnErrorReturnItem],
//     [OnErrorComplete], [MapError]: another end
//   - [Results], [DeadLetter]: failures as data
//   - [CircuitBreaker], [Guarded], [NewBreaker]: a pause after many failures
//
// # Time
//
//   - [Throttle], [Audit]: fewer items
//   - [RateLimit]: the same items at a bounded rate
//   - [Delay], [DelayWhen], [DelaySubscription]
//   - [KeepAlive]
//   - [TimeInterval], [Timestamp]: when items come
//
// # Backpressure
//
//   - [OnBackpressureBuffer], [OnBackpressureDrop], [OnBackpressureLatest],
//     [OnBackpressureReduce], [OnBackpressureBatch], [OnBackpressureError]
//   - [Conflate], [ConflateByKey], [LoadShed], [BackpressureTimeout]
//   - [LimitRate], [Gate], [Extrapolate], [SpillToDisk]
//
// # Conditional
//
//   - [All], [Any], [Contains], [IsEmpty], [SequenceEqual]: a question about the items
//   - [DefaultIfEmpty], [SwitchIfEmpty], [ThrowIfEmpty]
//
// # Aggregates
//
//   - [ReduceWith], [Reduce], [MapReduce]
//   - [Count], [Sum], [Average], [Min], [Max]
//   - [ToSlice], [ToMap], [ToMapWithValueSelector], [ToMultiMap]
//   - [Sort], [TopK]
//
// # Hot streams
//
//   - [Share], [ShareReplay]: one run of upstream for many subscribers
//
// # Utilities
//
//   - [Do], [Finally], [Name], [Log], [WithContext]
//   - [Repeat]
//   - [ObserveOn], [Prefetch]: a queue between two goroutines
//   - [SubscribeOn]: upstream on a goroutine of your choice
//   - [Serialize]: the order of the ids
//   - [Dematerialize]: the way back from [Materialize]
//   - [Self]: the key of items that are their own key
package operators
