package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// Sizes, in pixels.
const (
	column   = 28  // of a diagram
	lane0    = 44  // height of a lane
	stacked  = 19  // the height of each further item of one instant
	radius   = 12  // of an item
	margin   = 16  // around everything
	narrow   = 380 // the least width of a picture
	boxText  = 7.0 // the width of a letter in the box, about
	noteText = 6.3
	capital  = 8.2 // the width of a letter of the name, about
)

// style has the colours, in light and in dark. The picture brings its own
// background, so it can be read on any page.
const style = `
.card{fill:#ffffff;stroke:#d0d7de}.line{stroke:#57606a;stroke-width:1.6;fill:none}.inner{stroke-dasharray:5 3}
.box{fill:#f0f4f8;stroke:#8c959f}.name{fill:#1f2328;font-weight:600;font-size:15px}.text{fill:#424a53;font-size:13px}
.note{fill:#59636e;font-size:12px}.key{fill:#59636e;font-size:13px;font-style:italic}.end{stroke:#1f2328;stroke-width:2.4}
.error{stroke:#cf222e;stroke-width:2.6;fill:none}.link{stroke:#8c959f;stroke-width:1;stroke-dasharray:2 3}
.item{stroke:#ffffff;stroke-width:1.5}.letter{fill:#ffffff;font-weight:600;text-anchor:middle}
.c0{fill:#0969da}.c1{fill:#bc4c00}.c2{fill:#1a7f37}.c3{fill:#8250df}.c4{fill:#bf3989}.c5{fill:#0a7b83}.c6{fill:#8a6100}.c7{fill:#57606a}
@media (prefers-color-scheme:dark){
.card{fill:#0d1117;stroke:#30363d}.line{stroke:#8b949e}.box{fill:#161b22;stroke:#484f58}.name{fill:#f0f6fc}.text{fill:#c9d1d9}
.note,.key{fill:#9198a1}.end{stroke:#f0f6fc}.error{stroke:#ff7b72}.link{stroke:#6e7681}.item{stroke:#0d1117}
.c0{fill:#316dca}.c1{fill:#c4570c}.c2{fill:#2b8a3e}.c3{fill:#8957e5}.c4{fill:#c04a91}.c5{fill:#15808a}.c6{fill:#91670b}.c7{fill:#656e78}
}`

// canvas is a picture being drawn, from the top down.
type canvas struct {
	bytes.Buffer
	left  int // where column 0 is
	width int
	y     int
}

// draw returns the picture of an entry's diagram.
func draw(e *entry) ([]byte, error) {
	d := e.diagram
	c := &canvas{y: margin}
	c.measure(d)
	boxed := false
	for _, l := range d.lanes {
		if l.after && !boxed {
			c.box(e.name, d.params)
			boxed = true
		}
		c.lane(l, "")
	}
	height := c.y + margin
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif">`,
		c.width, height, c.width, height)
	fmt.Fprintf(&out, "\n<title>%s</title>\n<style>%s\n</style>\n", html.EscapeString(d.alt(e.name)), style)
	fmt.Fprintf(&out, `<rect class="card" x="0.5" y="0.5" width="%d" height="%d" rx="8"/>`+"\n", c.width-1, height-1)
	out.Write(c.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes(), nil
}

// measure sets the picture's width.
func (c *canvas) measure(d diagram) {
	key := 0
	for _, l := range d.lanes {
		key = max(key, len(l.key))
	}
	c.left = margin + key*8 + 26
	c.width = narrow
	for _, l := range d.lanes {
		right := c.x(l.columns) + margin
		if !l.after {
			right += 12 + int(noteText*float64(len(l.note)))
		}
		for _, in := range l.inner {
			right = max(right, c.x(in.from+in.columns)+margin)
		}
		c.width = max(c.width, right)
	}
	c.width = max(c.width, min(640, 2*margin+int(boxText*float64(len(d.params)))/2+80))
}

func (c *canvas) x(at int) int { return c.left + at*column }

// box draws the operator with its parameters. If the line is too short, the parameters
// are below the name.
func (c *canvas) box(name, params string) {
	room := float64(c.width - 2*margin - 24)
	lines := []string{}
	beside := float64(len(name))*capital+12+float64(len(params))*boxText < room
	if !beside && params != "" {
		lines = wrap(params, int(room/boxText))
	}
	height := 34 + 18*len(lines)
	fmt.Fprintf(c, `<rect class="box" x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n", margin, c.y, c.width-2*margin, height)
	fmt.Fprintf(c, `<text text-anchor="middle" x="%d" y="%d"><tspan class="name">%s</tspan>`, c.width/2, c.y+22, html.EscapeString(name))
	if beside && params != "" {
		fmt.Fprintf(c, `<tspan class="text" dx="10">%s</tspan>`, html.EscapeString(params))
	}
	c.WriteString("</text>\n")
	for i, line := range lines {
		fmt.Fprintf(c, `<text class="text" text-anchor="middle" x="%d" y="%d">%s</text>`+"\n", c.width/2, c.y+40+18*i, html.EscapeString(line))
	}
	c.y += height + 6
}

// wrap breaks text into lines of at most so many letters.
func wrap(text string, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// lane draws a line of time with its signals, and below it the streams that its
// items stand for.
func (c *canvas) lane(l lane, class string) {
	most := 1
	for i := range l.signals {
		most = max(most, l.items(i))
	}
	height := lane0 + stacked*(most-1)
	y := c.y + height/2
	if class == "" {
		fmt.Fprintf(c, `<text class="key" x="%d" y="%d">%s</text>`+"\n", margin, y+4, html.EscapeString(l.key))
	}
	if !l.after && l.key != "in" && l.key != "a" && l.key != "b" && strings.Contains(l.note, "item") {
		class = " inner"
	}
	c.timeline(l, y, class)
	for i, s := range l.signals {
		if s.Kind != 'n' {
			c.mark(s.Kind, c.x(l.from+s.Column), y, l.items(i))
		}
	}
	at, nth := -1, 0
	for i, s := range l.signals {
		if s.Kind != 'n' {
			continue
		}
		if s.Column != at {
			at, nth = s.Column, 0
		}
		c.item(s.Item, c.x(l.from+s.Column), y+stacked*nth-stacked*(l.items(i)-1)/2)
		nth++
	}
	bottom := y + radius
	c.y += height
	for _, in := range l.inner {
		c.inner(in, bottom)
	}
	c.note(l, y)
}

// items returns the number of items at the instant of the i-th signal.
func (l lane) items(i int) (n int) {
	for _, s := range l.signals {
		if s.Column == l.signals[i].Column && s.Kind == 'n' {
			n++
		}
	}
	return n
}

// inner draws a stream below the item that stands for it.
func (c *canvas) inner(in lane, from int) {
	y := c.y + lane0/2
	x := c.x(in.from)
	fmt.Fprintf(c, `<path class="link" d="M%d %dV%d"/>`+"\n", x, from, y)
	fmt.Fprintf(c, `<text class="key" text-anchor="end" x="%d" y="%d">%s</text>`+"\n", x-radius-6, y+4, html.EscapeString(in.key))
	c.lane(in, " inner")
}

// timeline draws the line, up to the end of the stream, or with an arrow.
func (c *canvas) timeline(l lane, y int, class string) {
	from, to := c.x(l.from)-radius-4, c.x(l.from+l.columns)
	if n := len(l.signals); n > 0 && strings.ContainsRune("|#", l.signals[n-1].Kind) {
		fmt.Fprintf(c, `<path class="line%s" d="M%d %dH%d"/>`+"\n", class, from, y, c.x(l.from+l.signals[n-1].Column))
		return
	}
	fmt.Fprintf(c, `<path class="line%s" d="M%d %dH%d"/><path class="line" d="M%d %dl8 5l-8 5"/>`+"\n", class, from, y, to, to-8, y-5)
}

// mark draws a subscription, or an end after the items of its instant.
func (c *canvas) mark(kind rune, x, y, items int) {
	reach := 13
	if items > 0 {
		reach = radius + 6 + stacked*(items-1)/2
	}
	switch kind {
	case '|':
		fmt.Fprintf(c, `<path class="end" d="M%d %dV%d"/>`+"\n", x, y-reach, y+reach)
	case '#', '!':
		if items > 0 {
			x += radius + 10
		}
		fmt.Fprintf(c, `<path class="error" d="M%d %dl16 16m0 -16l-16 16"/>`+"\n", x-8, y-8)
	case '^':
		fmt.Fprintf(c, `<path class="line" d="M%d %dv14m-5 -9l5 -5l5 5"/>`+"\n", x, y)
	}
}

// item draws a circle, or a longer shape for a long name.
func (c *canvas) item(key string, x, y int) {
	size, half := 14, radius
	switch n := len([]rune(key)); {
	case n == 2:
		size = 12
	case n == 3:
		size, half = 11, radius+1
	case n > 3:
		size, half = 11, 4+n*7/2
	}
	fmt.Fprintf(c, `<rect class="item c%d" x="%d" y="%d" width="%d" height="%d" rx="%d"/>`, colour(key), x-half, y-radius, 2*half, 2*radius, radius)
	fmt.Fprintf(c, `<text class="letter" font-size="%d" x="%d" y="%d">%s</text>`+"\n", size, x, y+5, html.EscapeString(key))
}

// colour returns the colour for an item's first letter. So an item keeps its colour when
// operators change it.
func colour(key string) int {
	switch r := []rune(strings.ToLower(key))[0]; {
	case r >= 'a' && r <= 'z':
		return int(r-'a') % 8
	case r >= '0' && r <= '9':
		return int(r-'0'+3) % 8
	}
	return 7
}

// note writes the note of a lane: beside an input, below an output.
func (c *canvas) note(l lane, y int) {
	switch {
	case l.note == "":
	case !l.after:
		fmt.Fprintf(c, `<text class="note" x="%d" y="%d">%s</text>`+"\n", c.x(l.columns)+12, y+4, html.EscapeString(l.note))
	default:
		for _, line := range wrap(l.note, int(float64(c.width-c.left)/noteText)) {
			fmt.Fprintf(c, `<text class="note" x="%d" y="%d">%s</text>`+"\n", c.left-radius, c.y+12, html.EscapeString(line))
			c.y += 17
		}
		c.y += 2
	}
}
