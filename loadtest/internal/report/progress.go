package report

import (
	"fmt"
	"os"
	"sync"
)

// Progress says what is being done, on standard error: one line that is
// rewritten on a terminal, plain lines elsewhere.
type Progress struct {
	out      *os.File
	terminal bool
	mu       sync.Mutex
	open     bool // the line has no end yet
}

// NewProgress returns a progress on the file.
func NewProgress(out *os.File) *Progress {
	info, err := out.Stat()
	return &Progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Say says what is being done now.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K"+line)
		p.open = true
		return
	}
	fmt.Fprintln(p.out, line)
}

// Done ends the line, before something else is printed.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprint(p.out, "\r\x1b[K")
		p.open = false
	}
}
