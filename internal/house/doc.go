// Package house holds the rules of the house as tests: who may import whom,
// how large files and functions get, that every package says what it is for.
package house
