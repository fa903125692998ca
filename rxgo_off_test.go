//go:build turbopipes_norx

package turbopipes_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// TestWithoutRxGo shows that an Observable has no method of RxGo's in this build.
func TestWithoutRxGo(t *testing.T) {
	o := reflect.TypeFor[tp.Observable[int]]()
	for _, name := range []string{"Observe", "Map", "Filter", "ToSlice", "ToRx"} {
		_, found := o.MethodByName(name)
		require.False(t, found, name)
	}
	require.Less(t, o.NumMethod(), 20)
}
