package rig

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/usher-media/usher/internal/sample"
)

// Cluster is the gateways of one site on one store.
type Cluster struct {
	Nodes []*Server
	Redis *Redis // nil with the embedded store

	rig  *Rig
	site Site
}

// Cluster starts a Redis, and that many gateways on it.
func (r *Rig) Cluster(ctx context.Context, site Site, nodes int) (*Cluster, error) {
	c := &Cluster{rig: r, site: site}
	var err error
	if c.Redis, err = r.Redis(ctx, site.Name+"-redis"); err != nil {
		return nil, err
	}
	for range nodes {
		if err := c.Join(ctx, c.Redis.Addr); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Join starts one more gateway, which reaches Redis at addr.
func (c *Cluster) Join(ctx context.Context, addr string) error {
	return c.serve(ctx, "redis redis://"+addr+"/0")
}

// Single starts one gateway with the embedded store.
func (r *Rig) Single(ctx context.Context, site Site) (*Cluster, error) {
	c := &Cluster{rig: r, site: site}
	return c, c.serve(ctx, "embedded")
}

func (c *Cluster) serve(ctx context.Context, store string) error {
	site := c.site
	site.Name, site.Store = fmt.Sprintf("%s-%d", site.Name, len(c.Nodes)), store
	node, err := c.rig.Serve(ctx, site)
	if err == nil {
		c.Nodes = append(c.Nodes, node)
	}
	return err
}

// Kill ends all of it.
func (c *Cluster) Kill() {
	for _, node := range c.Nodes {
		node.Kill()
	}
	if c.Redis != nil {
		c.Redis.Kill()
	}
}

// Files serves the files of a folder.
func Files(dir string) string { return fmt.Sprintf("file_server {\n\troot %q\n}", dir) }

// Sample writes the sample clip into a folder of the rig and returns it: a web
// root with the clip in /clock/.
func (r *Rig) Sample() (string, error) {
	dir := filepath.Join(r.Dir, "sample")
	return dir, sample.Write(dir)
}
