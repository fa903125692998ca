package operators

// zipAllRow is the row that a ZipAll is filling.
type zipAllRow[T any] struct {
	row   itemRow[T]
	ended []bool
	over  bool // there will be no further row

	failed error // the first failure of a stream
	broken int   // the index of that stream
}

// arrived takes an arrival. If the arrival makes the row whole, arrived returns the
// row.
func (z *zipAllRow[T]) arrived(a streamEvent[T]) (items []T, whole bool) {
	switch {
	case a.err != nil:
		if z.failed == nil {
			z.failed, z.broken = a.err, a.from
		}
		return nil, false
	case !a.more:
		z.ended[a.from] = true
		z.over = z.over || !z.row.has[a.from]
		return nil, false
	}
	z.row.set(a.from, a.v)
	if z.row.missing > 0 {
		return nil, false
	}
	items = z.row.items
	z.row = newItemRow[T](len(items))
	for _, ended := range z.ended {
		z.over = z.over || ended
	}
	return items, true
}
