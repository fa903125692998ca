package jetstream_test

// worker runs this process as a worker, if it was started as one.
func worker() bool { return false }
