package pages

// Brand is how an owner's pages look. The zero Brand is Usher's own look.
type Brand struct {
	// Name is the owner's; empty: it is not shown.
	Name string
	// Style is the address of a stylesheet that sets the colours; empty: ours.
	Style string
	// Logo is the address of a picture; empty: none.
	Logo string
}
