package rig

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Gauge is what a gateway says of itself.
type Gauge struct {
	RSS        float64 // bytes
	Goroutines float64
}

// Gauge reads the gateway's metrics.
func (s *Server) Gauge(ctx context.Context) (Gauge, error) {
	var g Gauge
	err := s.lines(ctx, "/metrics", func(line string) error {
		name, value, _ := strings.Cut(line, " ")
		var err error
		switch name {
		case "process_resident_memory_bytes":
			g.RSS, err = strconv.ParseFloat(value, 64)
		case "go_goroutines":
			g.Goroutines, err = strconv.ParseFloat(value, 64)
		}
		return err
	})
	if err == nil && (g.RSS == 0 || g.Goroutines == 0) {
		err = fmt.Errorf("the gateway's metrics have no process_resident_memory_bytes or no go_goroutines")
	}
	return g, err
}

// Heap is what the gateway's heap holds once everything that nobody refers to
// was collected.
func (s *Server) Heap(ctx context.Context) (int64, error) {
	heap := int64(-1)
	err := s.lines(ctx, "/debug/pprof/heap?debug=1&gc=1", func(line string) error {
		value, found := strings.CutPrefix(line, "# HeapAlloc = ")
		if !found {
			return nil
		}
		var err error
		heap, err = strconv.ParseInt(value, 10, 64)
		return err
	})
	if err == nil && heap < 0 {
		err = fmt.Errorf("the gateway's heap profile does not say HeapAlloc")
	}
	return heap, err
}

// lines reads a text from the admin endpoint.
func (s *Server) lines(ctx context.Context, path string, each func(string) error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://admin"+path, nil)
	if err != nil {
		return err
	}
	resp, err := s.admin.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, resp.StatusCode)
	}
	text := bufio.NewReader(resp.Body)
	for {
		line, err := text.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}
