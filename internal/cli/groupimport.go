package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/usher-media/usher/internal/api"
)

// Bounds of an import: of the file, and of one request.
const (
	maxImport     = 4 << 20
	importAtOnce  = 150
	importedLines = "addresses, one on each line or with commas between them"
)

func importGroup(c *common) *cobra.Command {
	var fresh bool
	cmd := &cobra.Command{
		Use:   "import GROUP FILE",
		Short: "Adds many persons, and puts them into a group",
		Long: `Reads e-mail addresses from a file (- for standard input), one on each line or
with commas between them; what follows # on a line is left out. Whoever is not
known yet is added as limited, and all are put into the group. What is wrong with
one address keeps no other out, and the same file may be imported again.`,
		Example: `  usher group import judges judges.txt
  usher group import 'jury 2026' - --new < judges.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("want two arguments, the group and a file with %s; got %d", importedLines, len(args))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&fresh, "new", false, "Make the group, if there is none with this name")
	return c.leaf(cmd, func(r *run, args []string) error {
		addresses, err := readAddresses(args[1], cmd.InOrStdin())
		if err != nil {
			return err
		}
		id, err := r.groupID(args[0])
		if errors.Is(err, errNoGroup) && fresh {
			var made api.Group
			made, err = asked[api.Group](r, http.MethodPost, "/groups", api.NewGroup{Name: args[0]})
			id = made.ID
		}
		if err != nil {
			return err
		}
		return r.importInto(id, once(addresses))
	})
}

func readAddresses(name string, stdin io.Reader) ([]string, error) {
	from := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(text) > maxImport {
		return nil, fmt.Errorf("%s is too long: at most %d bytes are read at once", name, maxImport)
	}
	var addresses []string
	for line := range strings.Lines(string(text)) {
		for word := range strings.FieldsFuncSeq(uncommented(line), func(r rune) bool { return r == ',' || r == ';' }) {
			if word = strings.TrimSpace(word); word != "" {
				addresses = append(addresses, word)
			}
		}
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%s holds no addresses: want %s", name, importedLines)
	}
	return addresses, nil
}

// uncommented leaves out what follows a # that begins a word: an address may
// have one in it.
func uncommented(line string) string {
	for i, r := range line {
		if r == '#' && (i == 0 || strings.ContainsRune(" \t,;", rune(line[i-1]))) {
			return line[:i]
		}
	}
	return line
}

// once leaves out what was there before.
func once(words []string) (out []string) {
	seen := map[string]bool{}
	for _, word := range words {
		if !seen[word] {
			seen[word] = true
			out = append(out, word)
		}
	}
	return out
}

func (r *run) importInto(group string, addresses []string) error {
	sum := api.Outcomes{Counts: map[string]int{}}
	for part := range slices.Chunk(addresses, importAtOnce) {
		body := api.NewPersons{Groups: []string{group}}
		for _, address := range part {
			body.Persons = append(body.Persons, api.NewPerson{Email: address})
		}
		outcomes, err := asked[api.Outcomes](r, http.MethodPost, "/persons/bulk", body)
		if err != nil {
			return fmt.Errorf("after %d of %d addresses: %w", len(sum.Results), len(addresses), err)
		}
		sum.Results = append(sum.Results, outcomes.Results...)
		for word, n := range outcomes.Counts {
			sum.Counts[word] += n
		}
	}
	return r.outcomes(sum)
}
