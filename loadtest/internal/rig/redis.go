package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// Redis is a redis-server that keeps nothing on disk.
type Redis struct {
	*Process
	// Addr is where it listens.
	Addr string

	client *goredis.Client
}

// Redis starts a redis-server.
func (r *Rig) Redis(ctx context.Context, name string) (*Redis, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("redis-server is not on PATH: install it (apt-get install redis-server, brew install redis)")
	}
	dir, err := r.folder(name)
	if err != nil {
		return nil, err
	}
	s := &Redis{}
	err = onFreePort(ctx, func(addr string) error {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return err
		}
		socket := filepath.Join(dir, port+".sock")
		s.Process, err = r.launch(dir, nil, program, "--bind", "127.0.0.1", "--port", port, "--unixsocket", socket,
			"--dir", dir, "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
		if err != nil {
			return err
		}
		s.Addr = addr
		// On the socket nobody else can answer: it is opened after the port.
		s.client = goredis.NewClient(&goredis.Options{Network: "unix", Addr: socket, Protocol: 2, DisableIdentity: true, PoolSize: 1})
		return s.await(ctx, func() error { return s.client.Ping(ctx).Err() })
	})
	if err != nil {
		return nil, fmt.Errorf("starting redis-server: %w", err)
	}
	return s, nil
}

// URL is the store URL.
func (s *Redis) URL() string { return "redis://" + s.Addr + "/0" }

// info is what INFO says in its section, by name.
func (s *Redis) info(ctx context.Context, section string) (map[string]string, error) {
	text, err := s.client.Info(ctx, section).Result()
	if err != nil {
		return nil, fmt.Errorf("asking redis for INFO %s: %w", section, err)
	}
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields, nil
}

// Work is how many commands the server has done so far, and in how many reads
// from its clients they came: a pipeline is one read.
func (s *Redis) Work(ctx context.Context) (commands, reads int64, err error) {
	fields, err := s.info(ctx, "stats")
	if err != nil {
		return 0, 0, err
	}
	commands, err = number(fields, "total_commands_processed")
	if err != nil {
		return 0, 0, err
	}
	reads, err = number(fields, "total_reads_processed")
	return commands, reads, err
}

// Memory is how much memory the server's data takes.
func (s *Redis) Memory(ctx context.Context) (int64, error) {
	fields, err := s.info(ctx, "memory")
	if err != nil {
		return 0, err
	}
	return number(fields, "used_memory")
}

func number(fields map[string]string, name string) (int64, error) {
	n, err := strconv.ParseInt(fields[name], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redis INFO has no number %s (Redis 7 has it): %w", name, err)
	}
	return n, nil
}
