package api

// Endpoints returns the method and path of every endpoint.
func Endpoints() []string {
	var all []string
	for _, e := range endpoints {
		all = append(all, e.method+" "+e.path)
	}
	return all
}
