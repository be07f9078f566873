package api

// Events of what keeps links and persons safe.

func (t *teller) fine() {
	f, is := t.body.(Forwarding)
	if !is {
		return
	}
	e := t.base
	aim(&e, f.Link)
	e.Detail = "meant for " + f.Audience
	if facts, err := t.links().of(e.Link); err == nil { // else it is told without
		e.Collection, e.Maker = facts.collection, facts.By
	}
	t.add(e)
}

func (t *teller) limit() {
	e := t.base
	switch b := t.body.(type) {
	case Limit:
		aim(&e, b.Link)
		aim(&e, b.Person)
		e.Count, e.Detail = 1, b.What
	case LimitsCleared:
		for _, filter := range limitFilters {
			aim(&e, t.r.URL.Query().Get(filter))
		}
		e.Count = int64(b.Cleared)
	default:
		return
	}
	t.add(e)
}

func (t *teller) factor() {
	e := t.base
	switch b := t.body.(type) {
	case Factor:
		aim(&e, b.Person)
		e.Count, e.Detail = 1, b.Name
	case FactorsReset:
		aim(&e, b.Person)
		e.Count = int64(b.Removed)
	default:
		return
	}
	t.add(e)
}
