package turbopipes_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// TestCompletionList lists the methods that an editor offers for an Observable.
// With the tag turbopipes_norx, methods of RxGo are not among them.
func TestCompletionList(t *testing.T) {
	own := strings.Fields("Collect Drain Each IsZero LetGo Pipe Pull Push Seq Subscribe ToChannel")
	var ours, theirs []string
	for i, o := 0, reflect.TypeFor[tp.Observable[int]](); i < o.NumMethod(); i++ {
		name := o.Method(i).Name
		if slices.Contains(own, name) {
			ours = append(ours, name)
		} else {
			theirs = append(theirs, name)
		}
	}
	if !slices.Contains(ours, "Pipe") { // Go 1.27: it is generic, and reflect leaves it out
		ours = append(ours, "Pipe")
	}
	require.ElementsMatch(t, own, ours)
	require.Len(t, theirs, fromRxGo)
	t.Logf("%d of turbopipes: %s", len(ours), strings.Join(ours, " "))
	t.Logf("%d of RxGo: %s", len(theirs), strings.Join(theirs, " "))
}
