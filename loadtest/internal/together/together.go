// Package together does many things at the same time, and not too many.
package together

import "sync"

// Do calls do for 0 to n-1, at most limit at a time, and returns the first
// error. After an error it begins nothing more.
func Do(n, limit int, do func(int) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	slots, failed := make(chan struct{}, limit), make(chan struct{})
	for i := range n {
		select {
		case slots <- struct{}{}:
		case <-failed:
			wg.Wait()
			return first
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				once.Do(func() {
					first = err
					close(failed)
				})
			}
		})
	}
	wg.Wait()
	return first
}
