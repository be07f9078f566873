package manifest

// splice is a text in which places are replaced, from front to end. It makes
// no copy as long as nothing is.
type splice struct {
	src, out []byte
	done     int // how far src is in out
}

// replace puts text in the place of src[from:to].
func (s *splice) replace(from, to int, text string) error {
	if s.out == nil {
		s.out = make([]byte, 0, len(s.src)+len(s.src)/2+len(text))
	}
	s.out = append(s.out, s.src[s.done:from]...)
	s.out = append(s.out, text...)
	s.done = to
	if len(s.out)+len(s.src)-to > maxOut {
		return errTooLong
	}
	return nil
}

// text is what came of it: src itself where nothing was replaced.
func (s *splice) text() []byte {
	if s.done == 0 {
		return s.src
	}
	return append(s.out, s.src[s.done:]...)
}
