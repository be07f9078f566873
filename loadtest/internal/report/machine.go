package report

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine says where figures come from: absolute ones hold nowhere else.
type Machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
	Caddy string `json:"caddy"`
	Redis string `json:"redis"`
}

// ThisMachine looks around. The versions are those that the gateway at binary
// was built with, where there is one.
func ThisMachine(ctx context.Context, binary string) Machine {
	m := Machine{CPU: cpuModel(), Cores: runtime.NumCPU(), Go: unknown, Caddy: unknown, Redis: redisVersion(ctx)}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return m
	}
	m.Go = info.GoVersion
	for _, dep := range info.Deps {
		if dep.Path == "github.com/caddyserver/caddy/v2" {
			m.Caddy = strings.TrimPrefix(dep.Version, "v")
		}
	}
	return m
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores; %s, Caddy %s, Redis %s", m.CPU, m.Cores, m.Go, m.Caddy, m.Redis)
}

const unknown = "unknown"

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func redisVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return unknown
	}
	for word := range strings.FieldsSeq(string(out)) {
		if version, ok := strings.CutPrefix(word, "v="); ok {
			return version
		}
	}
	return unknown
}
