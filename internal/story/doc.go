// Package story tells each promise of the README as a test with the real
// binary, as a separate process, on real media, a real Redis and a real browser.
package story
