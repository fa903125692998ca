package chaos

import (
	"fmt"
	"strings"
)

// String returns the plan as Go code.
func (p plan) String() string {
	out := fmt.Sprintf("plan{Seed: %d, Source: %v", p.Seed, p.Source)
	if len(p.Stages) > 0 {
		out += ", Stages: " + steps(p.Stages)
	}
	if len(p.Faults) > 0 {
		out += ", Faults: []failure{"
		for i, f := range p.Faults {
			out += comma(i) + fmt.Sprintf("{Point: %d, K: %d, Kind: %q}", f.Point, f.K, f.Kind)
		}
		out += "}"
	}
	out += fmt.Sprintf(", Consume: %q", p.Consume)
	if p.Request > 0 {
		out += fmt.Sprintf(", Request: %d", p.Request)
	}
	return out + ", Cut: " + p.Cut.String() + "}"
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

func steps(all []step) string {
	parts := make([]string, len(all))
	for i, s := range all {
		parts[i] = s.String()
	}
	return "[]step{" + strings.Join(parts, ", ") + "}"
}

// String returns the step as Go code, within a []step.
func (s step) String() string {
	out := fmt.Sprintf("{Op: %q, Point: %d, N: %d", s.Op, s.Point, s.N)
	if len(s.Inner) > 0 {
		out += ", Inner: " + steps(s.Inner)
	}
	if s.Wide {
		out += ", Wide: true"
	}
	if s.Other.Kind != "" {
		out += ", Other: " + s.Other.String()
	}
	return out + "}"
}

// String returns the source as Go code.
func (s source) String() string {
	return fmt.Sprintf("source{Kind: %q, Point: %d, N: %d, Gap: %d}", s.Kind, s.Point, s.N, s.Gap)
}

// String returns the cut as Go code.
func (c cut) String() string {
	out := fmt.Sprintf("cut{How: %q", c.How)
	switch {
	case c.How == "none":
	case c.Within:
		out += fmt.Sprintf(", Within: true, K: %d", c.K)
	default:
		out += fmt.Sprintf(", At: %d", c.At)
	}
	return out + "}"
}
