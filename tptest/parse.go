package tptest

// Signal is one signal of a diagram, for programs that draw or check diagrams
// themselves.
type Signal struct {
	Column int
	// Kind is one of "|#!^", or 'n' for an item.
	Kind rune
	// Item is the item's letter, or the text between its braces.
	Item string
}

// Parse reads a diagram, in either notation. Signals of one instant have the same
// column. columns is the number of columns. An error says which column is wrong.
func Parse(text string) (signals []Signal, columns int, err error) {
	d, err := parse(text, allMarks)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range d.signals {
		signals = append(signals, Signal{Column: s.at, Kind: rune(s.kind), Item: s.key})
	}
	return signals, d.columns, nil
}

// allMarks are the signals besides items.
const allMarks = "|#!^"
