package compare

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/usher-media/usher/loadtest/internal/rig"
)

// witness sees how much of the machine other programs took meanwhile. What is
// measured beside a compiler is not worth much, and the report says so.
type witness struct {
	processes []*rig.Process
	began     time.Time
	busy, own time.Duration // at the beginning
	// took and lasted add up what was seen, in processor time.
	took, lasted time.Duration
}

// busyPart is from which part of the machine on figures are called doubtful.
const busyPart = 0.05

// begin begins to look, with these processes being no others.
func (w *witness) begin(processes []*rig.Process) (err error) {
	w.processes, w.began = processes, time.Now()
	w.busy, w.own, err = w.look()
	return err
}

// end stops looking.
func (w *witness) end() error {
	busy, own, err := w.look()
	w.took += max(0, busy-w.busy-(own-w.own))
	w.lasted += time.Since(w.began) * time.Duration(runtime.NumCPU())
	return err
}

// part is the part of the machine that others took.
func (w *witness) part() float64 {
	if w.lasted == 0 {
		return 0
	}
	return w.took.Seconds() / w.lasted.Seconds()
}

func (w *witness) look() (busy, own time.Duration, err error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, 0, err
	}
	own = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	for _, p := range w.processes {
		used, err := p.CPU()
		if err != nil {
			return 0, 0, err
		}
		own += used
	}
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	busy, err = busyTime(string(text))
	return busy, own, err
}

// tick is the unit of /proc/stat, which is the same on every Linux that Go
// runs on (USER_HZ, proc_stat(5)).
const tick = time.Second / 100

// busyTime is what all processors have worked, from the first line of
// /proc/stat: user, nice, system, and behind idle and iowait irq, softirq and
// steal.
func busyTime(stat string) (time.Duration, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, errors.New("/proc/stat does not begin with the line of all processors")
	}
	var ticks int64
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
