//go:build !linux

package rig

import (
	"errors"
	"time"
)

// CPU is the processor time that the process has used so far.
func (p *Process) CPU() (time.Duration, error) {
	return 0, errors.New("the processor time of another process is read the Linux way: run the load test on Linux")
}
