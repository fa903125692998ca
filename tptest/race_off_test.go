//go:build !race

package tptest

const raceDetector = false
