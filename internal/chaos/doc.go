// Package chaos tests the promises of turbopipes with random pipelines and random hot
// streams, on virtual time. It has tests only.
//
// A plan is made from a seed. It says which stages there are, where user code fails, how
// the stream is consumed and how it is cut. A violation prints the plan as Go code. A plan
// doesn't set the order in which goroutines run, so it may take some runs to repeat a
// violation.
//
//	go test ./internal/chaos -chaos.runs 5000 -chaos.hot 5000
//	go test ./internal/chaos -run 'TestPipelines$' -chaos.seed 17
package chaos
