package turbopipes_test

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	tp "github.com/turbopipes/turbopipes"
)

// A key that can't be hashed is an error of its call, and the Topic works as before.
func TestTopicUnhashableKey(t *testing.T) {
	type holds struct{ v any }
	for name, bad := range map[string]any{
		"[]int": []int{1}, "map[int]int": map[int]int{}, "func()": func() {},
		"turbopipes_test.holds": holds{[]int{1}}, "[1]interface {}": [1]any{[]int{1}},
	} {
		bubble(t, name, func(t *testing.T) {
			topic := tp.NewTopic[any, int]()
			a, all := collect(t.Context(), topic.Subscribe("a"), 0), collect(t.Context(), topic.Subscribe(), 0)
			failed := topic.Subscribe("a", bad, "b")
			synctest.Wait()
			for range 2 {
				require.EqualError(t, topic.Publish(t.Context(), bad, 1),
					"turbopipes: invalid argument: Publish: k is a "+name+" that can't be hashed")
				require.EqualError(t, failed.Drain(t.Context()),
					"turbopipes: invalid argument: Topic.Subscribe: keys[1] is a "+name+" that can't be hashed")
			}
			require.NoError(t, topic.Publish(t.Context(), "a", 2))
			b := collect(t.Context(), topic.Subscribe("b", holds{"b"}), 0)
			synctest.Wait()
			require.NoError(t, topic.Publish(t.Context(), holds{"b"}, 3))
			topic.Close()
			a.require(t, nil, 2)
			all.require(t, nil, 2, 3)
			b.require(t, nil, 3)
		})
	}
}

// Items published to NaN come to the subscribers of all keys. A subscriber of NaN
// alone gets nothing but the end.
func TestTopicNaN(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		topic := tp.NewTopic[float64, int]()
		nan, all := collect(t.Context(), topic.Subscribe(math.NaN()), 0), collect(t.Context(), topic.Subscribe(), 0)
		both := collect(t.Context(), topic.Subscribe(math.NaN(), 1), 0)
		synctest.Wait()
		require.NoError(t, topic.Publish(t.Context(), math.NaN(), 1))
		require.NoError(t, topic.Publish(t.Context(), 1, 2))
		topic.Close()
		nan.require(t, nil)
		all.require(t, nil, 1, 2)
		both.require(t, nil, 2)
	})
}

// With this many keys, a cost that grows with their square would take minutes.
func TestTopicManyKeys(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		const n = 200_000
		keys := make([]int, 2*n)
		for i := range keys {
			keys[i] = i % n
		}
		topic := tp.NewTopic[int, int]()
		many := collect(t.Context(), topic.Subscribe(keys...), 0)
		synctest.Wait()
		require.NoError(t, topic.Publish(t.Context(), 0, 1))
		require.NoError(t, topic.Publish(t.Context(), n-1, 2))
		synctest.Wait()
		many.Dispose()
		many.require(t, nil, 1, 2)
	})
}

func BenchmarkTopic(b *testing.B) {
	b.Run("keys", func(b *testing.B) {
		keys := make([]int, 10_000)
		for i := range keys {
			keys[i] = i
		}
		topic := tp.NewTopic[int, int]()
		topic.Close()
		b.ReportAllocs()
		for b.Loop() {
			_ = topic.Subscribe(keys...).Drain(b.Context())
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/key")
	})
	b.Run("Publish", func(b *testing.B) {
		topic := tp.NewTopic[string, int]()
		s := topic.Subscribe("a").Subscribe(b.Context(), tp.Observer[int]{})
		b.ReportAllocs()
		for b.Loop() {
			_ = topic.Publish(b.Context(), "b", 1) // to nobody
		}
		topic.Close()
		_ = s.Wait()
	})
}
