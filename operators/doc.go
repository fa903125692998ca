// Package operators has the operators of turbopipes, one to a file: functions
// that return a [turbopipes.Operator], to be applied with Pipe.
package operators
