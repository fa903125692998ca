package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	tp "github.com/turbopipes/turbopipes"
)

// Order is the event of this program. The orders of a customer are numbered from 1 on.
type Order struct {
	ID       int    `json:"id"`
	Customer int    `json:"customer"`
	Number   int    `json:"number"`
	Item     string `json:"item"`
	Cents    int    `json:"cents"`
}

// Some orders can't be booked, and belong to the dead letters.
const (
	unreadableEvery = 1000        // the bytes of such an order are not JSON
	rejectedEvery   = 400         // the service rejects such an order
	forbidden       = "explosive" // the item that it rejects
)

var items = []string{"tea", "jam", "pen", "lamp", "chair"}

// message is an order as it is published.
type message struct {
	Order
	body []byte
	dead bool // it belongs to the dead letters
}

// customerKey is the key of the event: the orders of a customer keep their order.
func (m message) customerKey() string { return fmt.Sprint("c", m.Customer) }

// messages returns the n messages of a seed. Each subscription makes the same ones.
func messages(n int, seed uint64) tp.Observable[message] {
	return tp.FromSeq(func(yield func(message) bool) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a simulation
		numbers := map[int]int{}
		for id := 1; id <= n; id++ {
			o := Order{ID: id, Customer: random.IntN(max(1, n/20)), Item: items[random.IntN(len(items))], Cents: 100 + random.IntN(9900)}
			numbers[o.Customer]++
			o.Number = numbers[o.Customer]
			m := message{Order: o}
			switch {
			case id%unreadableEvery == 0:
				m.dead, m.body = true, fmt.Appendf(nil, "order %d: not JSON", id)
			case id%rejectedEvery == 0:
				m.dead, m.Item = true, forbidden
			}
			if m.body == nil {
				m.body, _ = json.Marshal(m.Order) // ints and strings: it can't fail
			}
			if !yield(m) {
				return
			}
		}
	})
}
