// Package rig starts what a measurement needs: the gateway built from this
// checkout, redis-servers and origins, each on a free loopback port with its
// files in one temporary folder. Closing the rig ends the processes, by their
// ids, and removes the folder.
package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Rig owns processes and a folder.
type Rig struct {
	// Dir is the folder. Everything that is written is written below it.
	Dir string
	// Binary is the gateway.
	Binary string

	mu        sync.Mutex
	processes []*Process
}

// Open makes the folder. An empty binary means: build ./cmd/usher of this
// checkout.
func Open(ctx context.Context, binary string) (*Rig, error) {
	dir, err := os.MkdirTemp("", "usher-loadtest-")
	if err != nil {
		return nil, err
	}
	r := &Rig{Dir: dir, Binary: binary}
	if binary == "" {
		r.Binary = filepath.Join(dir, "usher")
		err = Build(ctx, r.Binary)
	} else {
		r.Binary, err = exec.LookPath(binary)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Build builds the gateway of this checkout into the file.
func Build(ctx context.Context, file string) error {
	// By its import path: that works in every folder of the module.
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, "github.com/usher-media/usher/cmd/usher")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the gateway (run this inside a checkout of it): %w\n%s", err, out)
	}
	return nil
}

// Close ends every process and removes the folder.
func (r *Rig) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.processes {
		p.Kill()
	}
	return os.RemoveAll(r.Dir)
}

// folder makes a folder of the rig for one process.
func (r *Rig) folder(name string) (string, error) {
	dir := filepath.Join(r.Dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}

func (r *Rig) own(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.processes = append(r.processes, p)
}
