package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long a process may take to answer after its start.
const patience = 20 * time.Second

// Process is one that the rig started.
type Process struct {
	// PID is its process id.
	PID int

	cmd   *exec.Cmd
	log   string
	ended chan struct{} // closed when it has ended
}

// launch starts a program, with env besides the rig's own environment. Its
// output goes to the folder's log.
func (r *Rig) launch(dir string, env []string, program string, args ...string) (*Process, error) {
	logFile := filepath.Join(dir, "log")
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir+"/data", "XDG_CONFIG_HOME="+dir+"/config")
	cmd.Env = append(cmd.Env, env...)
	// A Ctrl-C in the terminal goes to the whole group. The rig ends its
	// processes itself, after the measurement has let go of them.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{PID: cmd.Process.Pid, cmd: cmd, log: logFile, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ended is in its log, or by our hand
	}()
	r.own(p)
	return p, nil
}

// Kill ends the process at once, as a crash would, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // fails only where it has ended already
	<-p.ended
}

// await asks until answers reports no error. The process is killed where that
// takes too long, so that a start may be tried again.
func (p *Process) await(ctx context.Context, answers func() error) error {
	deadline := time.After(patience)
	for {
		err := answers()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			err = fmt.Errorf("it has ended: %s", p.lastWords())
		case <-ctx.Done():
			err = ctx.Err()
		case <-deadline:
			err = fmt.Errorf("%w: %s", err, p.lastWords())
		case <-time.After(10 * time.Millisecond): // between tries; the loop ends by the answer
			continue
		}
		p.Kill()
		return err
	}
}

// lastWords is the end of the log.
func (p *Process) lastWords() string {
	const enough = 2000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}

// starts is how often a start is tried: a port that was free may be another
// process's by the time the server asks for it.
const starts = 3

// onFreePort calls start with free loopback addresses until it succeeds.
func onFreePort(ctx context.Context, start func(addr string) error) error {
	var err error
	for range starts {
		var addr string
		if addr, err = freeAddr(); err != nil {
			return err
		}
		if err = start(addr); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
