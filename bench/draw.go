package main

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type theme struct {
	name                                     string
	back, text, muted, grid, bar, thin, ours string
}

var themes = []theme{
	{"light", "#ffffff", "#1f2328", "#59636e", "#e6e9ed", "#b9c2cc", "#dde2e8", "#5b4be0"},
	{"dark", "#0d1117", "#e6edf3", "#9198a1", "#262d36", "#535c68", "#2f3741", "#9a8cff"},
}

// Sizes are in pixels. A picture is as wide as a README can show.
const (
	pictureWidth = 720
	margin       = 20
	rowHeight    = 22
	fontSize     = 12
	charWidth    = 6.6 // of that font, about
	boldWidth    = 7.5
)

// picture is an SVG file that is being written.
type picture struct {
	theme
	b      strings.Builder
	height float64
}

// color returns the color of a bar.
func (t theme) color(r role) string {
	switch r {
	case ours:
		return t.ours
	case limit:
		return t.thin
	default:
		return t.bar
	}
}

func (p *picture) textAt(x, y float64, style, color, text string) {
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" fill="%s"%s>%s</text>`+"\n", x, y, color, style, html.EscapeString(text))
}

func (p *picture) rect(x, y, w, h float64, color string) {
	fmt.Fprintf(&p.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`+"\n", x, y, w, h, color)
}

func (p *picture) line(x1, y1, x2, y2, width float64, color string) {
	fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.1f"/>`+"\n", x1, y1, x2, y2, color, width)
}

func (p *picture) dot(x, y, r float64, color string) {
	fmt.Fprintf(&p.b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s"/>`+"\n", x, y, r, color)
}

const (
	bold   = ` font-weight="600"`
	small  = ` font-size="11"`
	middle = ` text-anchor="middle" font-size="11"`
	right  = ` text-anchor="end"`
)

func (c chart) draw(r results, t theme) string {
	p := &picture{theme: t}
	p.textAt(margin, 30, ` font-size="16" font-weight="600"`, t.text, c.title)
	p.textAt(margin, 50, "", t.muted, c.unit+c.hint())
	p.height = 66
	if c.kind == curves {
		c.drawCurves(p, r.tables)
	} else {
		c.drawRows(p, r.tables)
	}
	p.height += 26
	p.textAt(margin, p.height-6, ` font-size="10"`, t.muted, r.made)
	p.height += 8
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%d" height="%.0f" viewBox="0 0 %d %.0f" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="%d">
<title>%s</title>
<rect width="100%%" height="100%%" rx="6" fill="%s"/>
%s</svg>
`, pictureWidth, p.height, pictureWidth, p.height, fontSize, html.EscapeString(c.title+": "+c.unit), t.back, p.b.String())
}

// hint says how to read the figures.
func (c chart) hint() string {
	switch {
	case c.kind == curves:
		return "; both axes are logarithmic"
	case c.column == "speed":
		return "; longer is better"
	case c.kind == bars:
		return "; shorter is better"
	}
	return "; further left is better, on a logarithmic scale"
}

// drawRows draws a line for each contender, with the tables beside each other.
func (c chart) drawRows(p *picture, tables []resultTable) {
	names := rowNames(tables)
	left := 0.0
	for _, name := range names {
		wide := charWidth
		if roleOf(tables, name) == ours {
			wide = boldWidth
		}
		left = max(left, wide*float64(len([]rune(name))))
	}
	left += margin + 14
	wide := (pictureWidth - margin - left) / float64(max(len(tables), 1))
	if len(tables) > 1 || len(tables) == 1 && c.only != "" {
		for i, t := range tables {
			p.textAt(left+float64(i)*wide, p.height+8, bold, p.muted, t.name)
		}
		p.height += 20
	}
	top := p.height
	for i, name := range names {
		y := top + rowHeight*float64(i) + 15
		style, color := "", p.muted
		if roleOf(tables, name) == ours {
			style, color = bold, p.text
		}
		p.textAt(left-14, y, style+right, color, name)
	}
	for i, t := range tables {
		col := column{chart: c, x: left + float64(i)*wide, width: wide - 14, top: top}
		scaled := tables
		if !c.shared && c.kind != ranges {
			scaled = tables[i : i+1]
		}
		col.low, col.high = c.extent(scaled)
		col.draw(p, t, names)
	}
	p.height = top + rowHeight*float64(len(names))
}

// rowNames returns the contenders of all tables.
func rowNames(tables []resultTable) (names []string) {
	for _, t := range tables {
		for _, r := range t.rows {
			if !slices.Contains(names, r.name) {
				names = append(names, r.name)
			}
		}
	}
	return names
}

func roleOf(tables []resultTable, name string) role {
	for _, t := range tables {
		for _, r := range t.rows {
			if r.name == name {
				return r.role
			}
		}
	}
	return peer
}

// figures returns what to draw for a row: one figure, or the two ends of a range.
func (c chart) figures(t resultTable, r resultRow) (from, to float64, ok bool) {
	if c.kind == ranges {
		from, ok = t.figure(r, "p50")
		to, _ = t.figure(r, "p99")
		return from, max(from, to), ok
	}
	from, ok = t.figure(r, cmp.Or(c.column, "median"))
	return from, from, ok
}

// extent returns the smallest and the largest figure.
func (c chart) extent(tables []resultTable) (low, high float64) {
	low = math.Inf(1)
	for _, t := range tables {
		for _, r := range t.rows {
			if from, to, ok := c.figures(t, r); ok {
				low, high = min(low, from), max(high, to)
			}
		}
	}
	return low, high
}

// column is the place of a table's bars.
type column struct {
	chart
	x, width, top float64
	low, high     float64
}

func (c column) draw(p *picture, t resultTable, names []string) {
	for _, r := range t.rows {
		from, to, ok := c.figures(t, r)
		if !ok {
			continue
		}
		y := c.top + rowHeight*float64(slices.Index(names, r.name))
		mid, color, end := y+11, p.color(r.role), c.at(to)
		label := c.label(to)
		switch c.kind {
		case ranges:
			label = c.label(from) + " – " + c.label(to)
			p.line(c.at(from), mid, end, mid, 4, color)
			p.dot(c.at(from), mid, 4.5, color)
			p.dot(end, mid, 4.5, color)
		case dots:
			p.line(c.x, mid, end, mid, 1.5, p.thin)
			p.dot(end, mid, 5, dotColor(p.theme, r.role))
			end += 3
		default:
			p.rect(c.x, y+4, max(end-c.x, 1.5), rowHeight-8, color)
		}
		style, text := small, p.muted
		if r.role == ours {
			style, text = small+bold, p.ours
		}
		p.textAt(end+7, mid+4, style, text, label)
	}
}

// dotColor is stronger than the color of a bar, because a dot has less area.
func dotColor(t theme, r role) string {
	if r == limit {
		return t.bar
	} else if r == ours {
		return t.ours
	}
	return t.muted
}

// at returns the position of v.
func (c column) at(v float64) float64 {
	room := c.width - 46
	if c.kind == ranges {
		room -= 30
	}
	if c.kind == bars {
		return c.x + room*v/c.high
	}
	low := c.low / 1.5
	return c.x + room*math.Log(v/low)/math.Log(max(c.high/low, 1.1))
}

// label returns v as in the table, with commas.
func (c chart) label(v float64) string {
	switch {
	case c.column == "speed":
		return fmt.Sprintf("%.0f%%", v)
	case v < 1000:
		return short(v)
	}
	return figure(v)
}

// figure returns v with commas.
func figure(v float64) string {
	if v < 1000 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	digits := strconv.Itoa(int(math.Round(v)))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// number matches the size at the end of a curve's row name.
var number = regexp.MustCompile(`\d+$`)

func (c chart) drawCurves(p *picture, tables []resultTable) {
	const wide, high = (pictureWidth - 2*margin + 30) / 2, 190.0
	top := p.height
	for i, t := range tables {
		x, y := margin+float64(i%2)*wide, top+float64(i/2)*high
		p.textAt(x, y+12, bold, p.text, t.name)
		c.drawCurve(p, t, x, y+30, wide-30, high-72)
	}
	p.height = top + high*math.Ceil(float64(len(tables))/2)
}

func (c chart) drawCurve(p *picture, t resultTable, x, y, w, h float64) {
	low, high := c.extent([]resultTable{t})
	bottom, above := math.Pow10(int(math.Floor(math.Log10(low)))), math.Pow10(int(math.Ceil(math.Log10(high))))
	above = max(above, 10*bottom)
	yAt := func(v float64) float64 { return y + h - h*math.Log(v/bottom)/math.Log(above/bottom) }
	sizes := make([]float64, len(t.rows))
	for i, r := range t.rows {
		sizes[i], _ = strconv.ParseFloat(number.FindString(r.name), 64)
	}
	most := max(slices.Max(append(sizes, 1)), 2)
	const scale = 34
	xAt := func(v float64) float64 { return x + scale + 14 + (w-scale-34)*math.Log(max(v, 1))/math.Log(most) }
	for v := bottom; v <= above*1.01; v *= 10 {
		p.line(x+scale, yAt(v), x+w, yAt(v), 1, p.grid)
		p.textAt(x+scale-6, yAt(v)+4, small+right, p.muted, figure(v))
	}
	points := make([]string, 0, len(t.rows))
	for i, r := range t.rows {
		if v, ok := t.figure(r, "median"); ok {
			points = append(points, fmt.Sprintf("%.1f,%.1f", xAt(sizes[i]), yAt(v)))
		}
	}
	fmt.Fprintf(&p.b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), p.ours)
	for i, r := range t.rows {
		v, ok := t.figure(r, "median")
		if !ok {
			continue
		}
		p.dot(xAt(sizes[i]), yAt(v), 3.5, p.ours)
		p.textAt(xAt(sizes[i]), yAt(v)-8, middle+bold, p.ours, c.label(v))
		p.textAt(xAt(sizes[i]), y+h+18, middle, p.muted, sizeName(sizes[i]))
	}
}

// sizeName returns 1, 10, … 1k, 10k.
func sizeName(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%.0fk", v/1000)
	}
	return fmt.Sprintf("%.0f", v)
}
