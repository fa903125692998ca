package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// costs is the file that bench writes: what each operator costs.
type costs struct {
	Made string    `json:"made"`
	Rows []costRow `json:"rows"`
}

type costRow struct {
	Name, Variant, Family string
	Item, SetUp           cost
	Needs                 float64 // allocations per item
	Subscription          bool    // Item is a subscription
	Ways                  []costWay
	Goals                 []costGoal
}

type cost struct{ NS, Bytes, Allocs float64 }

// costWay is what does the same beside turbopipes.
type costWay struct {
	Name, Role string
	Item       cost
	Ratio      float64 // of the time of turbopipes to this one
}

type costGoal struct {
	Goal string
	Got  float64
	Met  bool
}

const (
	costsFile   = "bench/results/operators.json"
	performance = "docs/performance.md"
	costsTitle  = "What every operator costs"
)

func readCosts(path string) (c costs, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

// of returns the rows of a name.
func (c costs) of(name string) (rows []costRow) {
	for _, r := range c.Rows {
		if r.Name == name {
			rows = append(rows, r)
		}
	}
	return rows
}

// with returns the ways in a role, the fastest first.
func (r costRow) with(role string) []costWay {
	ways := slices.DeleteFunc(slices.Clone(r.Ways), func(w costWay) bool { return w.Role != role })
	slices.SortStableFunc(ways, func(a, b costWay) int { return cmp.Compare(b.Ratio, a.Ratio) })
	return ways
}

// lines describes the costs of an entry.
func (c costs) lines(b *bytes.Buffer, name string) {
	rows := c.of(name)
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n**Cost** ([what the figures mean](../performance.md#%s))\n\n", slug(costsTitle))
	for _, r := range rows {
		fmt.Fprintf(b, "- %s\n", r.sentence())
	}
}

// sentence describes the cost of an item, and of the set-up.
func (r costRow) sentence() string {
	if r.Subscription {
		return fmt.Sprintf("%s: %s, %s", r.Variant, duration(r.SetUp.NS), allocations(r.SetUp.Allocs))
	}
	text := fmt.Sprintf("%s an item, %s", duration(r.Item.NS), allocations(r.Item.Allocs))
	if r.Variant != "" {
		text = r.Variant + ": " + text
	}
	for _, w := range r.with("floor") {
		text += fmt.Sprintf(", %s × %s", ratio(w.Ratio), w.Name)
	}
	return text + fmt.Sprintf("; set-up: %s, %s", duration(r.SetUp.NS), allocations(r.SetUp.Allocs))
}

func duration(ns float64) string {
	switch {
	case ns >= 1e6:
		return threeDigits(ns/1e6) + " ms"
	case ns >= 1000:
		return threeDigits(ns/1000) + " µs"
	}
	return threeDigits(ns) + " ns"
}

func allocations(n float64) string {
	if text := count(n); text != "1" {
		return text + " allocations"
	}
	return "1 allocation"
}

// count is a number of allocations. Less than a hundredth of one is none: it is a queue
// that grows, or the stack of a goroutine.
func count(n float64) string {
	if n < 0.005 {
		return "0"
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", n), "0"), ".")
}

func ratio(v float64) string { return threeDigits(v) }

func threeDigits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// tables returns a table of each family.
func (c costs) tables() string {
	var b strings.Builder
	fmt.Fprintf(&b, "From %s.\n", made(c.Made))
	family := ""
	for _, r := range c.Rows {
		if r.Family != family {
			family = r.Family
			fmt.Fprintf(&b, "\n**%s**\n\n", family)
			b.WriteString("| | ns | × by hand | × channels of 64 | × best library | bytes | allocations (needed) | set-up, µs | set-up, allocations | targets |\n")
			b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n")
		}
		b.WriteString(r.line())
	}
	return b.String()
}

// made shortens what bench says of the machine and the versions.
func made(text string) string { return strings.TrimSuffix(strings.TrimSpace(text), ".") }

func (r costRow) line() string {
	name, needed := r.Name, count(r.Item.Allocs)
	if r.Variant != "" {
		name += ", " + r.Variant
	}
	if !r.Subscription {
		needed += " (" + count(r.Needs) + ")"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %.0f | %s |\n",
		name, threeDigits(r.Item.NS), r.to("floor", ""), r.to("peer", "64"), r.to("peer", ""), threeDigits(r.Item.Bytes), needed,
		threeDigits(r.SetUp.NS/1000), r.SetUp.Allocs, r.targets())
}

// to returns the ratio to the fastest way in that role: with a buffer by hand if its
// name has that size, of another library if it has no size and is not by hand.
func (r costRow) to(role, size string) string {
	if r.Subscription {
		return "" // by hand there is none
	}
	for _, w := range r.with(role) {
		hand := strings.Contains(w.Name, "by hand")
		switch {
		case role == "floor":
			return ratio(w.Ratio)
		case size != "" && hand && strings.Contains(w.Name, size):
			return ratio(w.Ratio)
		case size == "" && !hand:
			return ratio(w.Ratio) + " " + w.Name
		}
	}
	return ""
}

// targets lists the goals of a row but for the one that every row has, if it is met.
func (r costRow) targets() string {
	var all []string
	for i, g := range r.Goals {
		if g.Met && i == len(r.Goals)-1 && strings.HasSuffix(g.Goal, "allocations") {
			continue
		}
		text := fmt.Sprintf("%s: %s", g.Goal, threeDigits(g.Got))
		if !g.Met {
			text = "**missed** " + text
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

const costsBegin, costsEnd = "<!-- costs: begin, made by go generate from " + costsFile + " -->\n", "<!-- costs: end -->\n"

// inserted returns page with the tables between its two marks.
func (c costs) inserted(page string) (string, error) {
	before, rest, begins := strings.Cut(page, costsBegin)
	_, after, ends := strings.Cut(rest, costsEnd)
	if !begins || !ends {
		return "", fmt.Errorf("%s lacks the mark %q or %q", performance, costsBegin, costsEnd)
	}
	return before + costsBegin + "\n" + c.tables() + "\n" + costsEnd + after, nil
}

// writeCosts renews the tables of the page about performance.
func (c costs) writeCosts() error {
	page, err := os.ReadFile(performance)
	if err != nil {
		return err
	}
	text, err := c.inserted(string(page))
	if err != nil || text == string(page) {
		return err
	}
	return os.WriteFile(performance, []byte(text), 0o644)
}
