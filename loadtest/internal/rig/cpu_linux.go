package rig

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// cpuClockSched is CPUCLOCK_SCHED of the kernel's posix-timers.h: what the
// scheduler has given to all threads of a process, ended ones included, in ns.
const cpuClockSched = 2

// CPU is the processor time that the process has used so far. It is the
// process's own clock, as clock_getcpuclockid(3) makes it: /proc/PID/stat says
// the same in hundredths of a second, which is too coarse for a short cell, and
// /proc/PID/schedstat speaks of the first thread only.
func (p *Process) CPU() (time.Duration, error) {
	var at syscall.Timespec
	clock := ^p.PID<<3 | cpuClockSched
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&at)), 0)
	if errno != 0 {
		return 0, fmt.Errorf("reading the processor time of process %d: %w", p.PID, errno)
	}
	return time.Duration(at.Nano()), nil
}
