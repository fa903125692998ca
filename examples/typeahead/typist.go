package main

import (
	"math/rand/v2"
	"time"

	tp "github.com/turbopipes/turbopipes"
	"github.com/turbopipes/turbopipes/operators"
)

var phrases = []string{"goroutine", "mutex"}

// key is the text in the box after a keystroke, which comes after a pause.
type key struct {
	pause time.Duration
	text  string
}

// typist is a stream of the texts of someone who types phrases, and sometimes hits a
// wrong key.
func typist(phrases []string, seed uint64) tp.Observable[string] {
	return operators.ConcatMap(func(k key) tp.Observable[string] {
		return operators.DelaySubscription[string](k.pause)(tp.Just(k.text))
	})(tp.FromSlice(keys(phrases, seed)))
}

func keys(phrases []string, seed uint64) (all []key) {
	random := rand.New(rand.NewPCG(seed, 0))
	between := func(least, most int) time.Duration {
		return time.Duration(least+random.IntN(most-least)) * time.Millisecond
	}
	for _, phrase := range phrases {
		pause := between(600, 800) // to read the matches of the phrase before
		for i := range phrase {
			if random.IntN(5) == 0 {
				all = append(all,
					key{pause, phrase[:i] + string(rune('a'+random.IntN(26)))},
					key{between(60, 200), phrase[:i]}) // noticed and corrected
				pause = between(60, 120)
			}
			all = append(all, key{pause, phrase[:i+1]})
			pause = between(50, 95) // fluently
			if random.IntN(3) == 0 {
				pause = between(110, 240) // looking for the key
			}
		}
	}
	return all
}
