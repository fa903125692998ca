package redis_test

func worker() bool { return false }
