package gate

// SharePath is where a person opens the link that code names: a path on the
// gated site.
func SharePath(code string) string { return sharePrefix + code }

// MediaPath is where a player opens the link: the file, the folder's entry, or
// the folder itself, in which the gate then finds the entry.
func (l Link) MediaPath(code string) string {
	path := l.Scope.root
	if l.Scope.tree {
		path += "/" + l.Entry
	}
	return EncodePath(path) + "?" + QueryToken + "=" + code
}
