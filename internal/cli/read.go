package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxRead bounds what is read from a file that stands on the command line.
const maxRead = 48 << 10

// readFile reads a file, or standard input for "-".
func (r *run) readFile(flag, name string) (string, error) {
	in := r.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("--%s: %w", flag, err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxRead+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("--%s: reading %s: %w", flag, name, err)
	case len(text) > maxRead:
		return "", fmt.Errorf("--%s: %s has more than %d bytes", flag, name, maxRead)
	}
	return string(text), nil
}

// readPassword reads a password: the first line, without its end. It never
// stands on the command line, where other users of the machine could read it.
func (r *run) readPassword(flag, name string) (*string, error) {
	if name == "" {
		return nil, nil
	}
	text, err := r.readFile(flag, name)
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut([]byte(text), []byte("\n"))
	if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("--" + flag + ": want the password on one line, and nothing else")
	}
	password := string(line)
	return &password, nil
}
