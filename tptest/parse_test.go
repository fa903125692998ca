package tptest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/turbopipes/turbopipes/tptest"
)

func TestParseBad(t *testing.T) {
	_, _, err := tptest.Parse("a-(b")
	require.EqualError(t, err, `tptest: diagram "a-(b": column 2: ( without a )`)
}

func ExampleParse() {
	signals, columns, _ := tptest.Parse("-a-({b2}|)")
	fmt.Println(columns, "columns")
	for _, s := range signals {
		fmt.Println(s.Column, string(s.Kind), s.Item)
	}
	// Output:
	// 7 columns
	// 1 n a
	// 3 n b2
	// 3 |
}
