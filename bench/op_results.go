package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// costResults is the file of the cost table. internal/cmd/pages reads it too.
type costResults struct {
	Made string       `json:"made"`
	Rows []costResult `json:"rows"`
}

// costResult has the medians of a row.
type costResult struct {
	Name    string       `json:"name"`
	Variant string       `json:"variant,omitempty"`
	Family  string       `json:"family"`
	Item    spending     `json:"item"`
	Needs   float64      `json:"needs"` // allocations per item
	SetUp   spending     `json:"setup"`
	Ways    []wayResult  `json:"ways"`
	Goals   []goalResult `json:"goals,omitempty"`

	Subscription bool `json:"subscription,omitempty"` // Item is a subscription
}

// spending is what an item, or a subscription, costs.
type spending struct {
	NS     float64 `json:"ns"`
	Bytes  float64 `json:"bytes"`
	Allocs float64 `json:"allocs"`
}

// wayResult is a way beside turbopipes.
type wayResult struct {
	Name  string   `json:"name"`
	Role  string   `json:"role"` // floor, peer, reference
	Item  spending `json:"item"`
	SetUp spending `json:"setup"`
	Ratio float64  `json:"ratio"` // of the time of turbopipes to this one
}

type goalResult struct {
	Goal string  `json:"goal"`
	Got  float64 `json:"got"`
	Met  bool    `json:"met"`
}

var roleNames = map[role]string{ours: "turbopipes", limit: "floor", peer: "peer", reference: "reference"}

func (r costResult) title() string { return rowTitle(r.Name, r.Variant) }

// floor returns the way that is the floor, which every row has.
func (r costResult) floor() wayResult {
	return r.Ways[slices.IndexFunc(r.Ways, func(w wayResult) bool { return w.Role == roleNames[limit] })]
}

// result computes the medians.
func (p priced) result() costResult {
	mine := slices.IndexFunc(p.ways, func(w way) bool { return w.role == ours })
	r := costResult{
		Name: p.name, Variant: p.variant, Family: p.family, Needs: p.needs,
		Item: p.perItem(mine), SetUp: p.perSetUp(mine), Subscription: p.subscription,
	}
	for i, w := range p.ways {
		if i != mine {
			r.Ways = append(r.Ways, wayResult{w.name, roleNames[w.role], p.perItem(i), p.perSetUp(i), p.median(mine, i, quotient)})
		}
	}
	for _, g := range p.goals {
		r.Goals = append(r.Goals, p.check(g, mine, r.Item))
	}
	if p.subscription {
		return r
	}
	most := p.needs + tolerated
	r.Goals = append(r.Goals, goalResult{allocating(p.needs).String(), r.Item.Allocs, r.Item.Allocs <= most})
	return r
}

// tolerated allocations per item are those of goroutines that grow, and of queues.
const tolerated = 0.02

func (p priced) check(g goal, mine int, item spending) goalResult {
	if g.than == "" {
		return goalResult{g.String(), item.Allocs, item.Allocs <= g.allocs+tolerated}
	}
	i := slices.IndexFunc(p.ways, func(w way) bool { return w.name == g.than && w.role != ours })
	got, most := p.median(mine, i, quotient), g.times
	if g.times == 0 {
		got, most = p.median(mine, i, func(a, b float64) float64 { return a - b }), g.above
	}
	return goalResult{g.String(), got, got <= most}
}

func quotient(a, b float64) float64 { return a / b }

// median returns the median over the rounds of a function of the times of two ways.
func (p priced) median(i, j int, of func(a, b float64) float64) float64 {
	all := make([]float64, len(p.items[i]))
	for k := range all {
		all[k] = of(p.items[i][k].ns, p.items[j][k].ns)
	}
	return middleOf(all)
}

// perItem returns the cost of an item of way i. Bytes and allocations are without those
// of the first unit.
func (p priced) perItem(i int) spending {
	if p.subscription {
		return p.perSetUp(i)
	}
	many, one := medians(p.items[i]), medians(p.setUps[i])
	n, first := float64(p.row.items(p.n)), float64(p.row.items(1))
	rest := func(all, set float64) float64 { return digits(max(0, (all*n-set*first)/(n-first))) }
	return spending{digits(many.NS), rest(many.Bytes, one.Bytes), rest(many.Allocs, one.Allocs)}
}

func (p priced) perSetUp(i int) spending {
	one, first := medians(p.setUps[i]), float64(p.row.items(1))
	return spending{digits(one.NS * first), math.Round(one.Bytes * first), math.Round(one.Allocs * first)}
}

func medians(all []sample) spending {
	of := func(f func(sample) float64) float64 {
		values := make([]float64, len(all))
		for i, s := range all {
			values[i] = f(s)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return spending{
		of(func(s sample) float64 { return s.ns }), of(func(s sample) float64 { return s.bytes }),
		of(func(s sample) float64 { return s.allocs }),
	}
}

func middleOf(all []float64) float64 {
	slices.Sort(all)
	return digits(all[len(all)/2])
}

// digits rounds to three digits, and small values to thousandths.
func digits(v float64) float64 {
	if math.Abs(v) < 1 {
		return math.Round(v*1000) / 1000
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return short
}

const costsFile = "operators.json"

// readCosts reads the file of the cost table.
func readCosts(dir string) (r costResults, err error) {
	text, err := os.ReadFile(filepath.Join(dir, costsFile))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// write writes a line for each row, so that differences can be read.
func (r costResults) write(dir string) error {
	made, err := json.Marshal(r.Made)
	if err != nil {
		return err
	}
	lines := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		line, err := json.Marshal(row)
		if err != nil {
			return err
		}
		lines[i] = string(line)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf("{\"made\": %s, \"rows\": [\n%s\n]}\n", made, strings.Join(lines, ",\n"))
	return os.WriteFile(filepath.Join(dir, costsFile), []byte(text), 0o644)
}

// with returns r with the rows of other in place of its own.
func (r costResults) with(other costResults) costResults {
	merged := costResults{Made: other.Made}
	rows := map[string]costResult{}
	for _, row := range slices.Concat(r.Rows, other.Rows) {
		rows[row.title()] = row
	}
	for _, f := range costFamilies() {
		for _, row := range f.rows {
			if result, ok := rows[row.title()]; ok {
				merged.Rows = append(merged.Rows, result)
			}
		}
	}
	return merged
}

// String returns the goal and what was measured.
func (g goalResult) String() string {
	verdict := "met"
	if !g.Met {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%s: %s, %s", g.Goal, short(g.Got), verdict)
}
