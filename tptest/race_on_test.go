//go:build race

package tptest

const raceDetector = true
