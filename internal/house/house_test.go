package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

const module = "github.com/usher-media/usher/"

// root is the folder of the module.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// source is one Go file of the module.
type source struct {
	path string // relative to the root
	test bool
	file *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root(), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != root():
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root(), path)
		all = append(all, source{rel, strings.HasSuffix(path, "_test.go"), file, fset})
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d Go files found, %v", len(all), err)
	}
	return all
}

// edges says what a room may not import, and why.
var edges = []struct {
	room    string // prefix of the path
	except  string // prefix that the rule leaves out
	refused *regexp.Regexp
	why     string
}{
	{"internal/gate/", "", regexp.MustCompile(`^github\.com/usher-media/usher/|^[a-z0-9-]+\.[a-z]`), "the domain is the standard library and internal/token only, so that it can be read and tested alone"},
	{"internal/token/", "", regexp.MustCompile(`^` + module), "tokens know nothing of what they are for"},
	{"internal/directory/", "", regexp.MustCompile(`^net/http|^` + module + `(internal/(api|pages|cli|store|watch)|caddymodule|config)`), "the directory is a domain over the gate's contract, whoever asks and however it is kept"},
	{"internal/", "", regexp.MustCompile(`^github\.com/caddyserver/`), "only caddymodule and cmd import Caddy"},
	{"config/", "", regexp.MustCompile(`^github\.com/caddyserver/|^` + module + `internal/`), "settings can be read without a server"},
	{"internal/store/", "", regexp.MustCompile(`^` + module + `(internal/(api|pages|cli|watch)|caddymodule|config)`), "stores import the gate's contract and nothing above it"},
	{"", "internal/hostile", regexp.MustCompile(`^math/rand`), "predictable; ids and secrets come from crypto/rand"},
}

func TestImportEdges(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, spec := range s.file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			for _, e := range edges {
				if e.room == "internal/gate/" && path == module+"internal/token" {
					continue
				}
				if strings.HasPrefix(s.path, e.room) && e.refused.MatchString(path) && (e.except == "" || !strings.HasPrefix(s.path, e.except)) {
					t.Errorf("%s imports %s: %s", s.path, path, e.why)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented := map[string]int{}
	for _, s := range sources(t) {
		dir := filepath.Dir(s.path)
		if _, seen := documented[dir]; !seen {
			documented[dir] = 0
		}
		if !s.test && s.file.Doc != nil {
			documented[dir]++
		}
	}
	for dir, n := range documented {
		if n != 1 {
			t.Errorf("%s has %d package comments; want one, in one file", dir, n)
		}
	}
}

const (
	maxFile     = 350
	maxFunction = 60
)

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if n := s.fset.Position(s.file.FileEnd).Line; n > maxFile && s.path != filepath.Join("internal", "gate", "store.go") {
			t.Errorf("%s has %d lines; at most %d (the store's contract, mostly comments, is left out)", s.path, n, maxFile)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from, to := s.fset.Position(f.Pos()).Line, s.fset.Position(f.End()).Line
			if to-from+1 > maxFunction {
				t.Errorf("%s:%d: %s has %d lines; at most %d", s.path, from, f.Name.Name, to-from+1, maxFunction)
			}
		}
	}
}

// TestMapOfTheTree holds the README's map against the folders that exist.
func TestMapOfTheTree(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	for _, s := range sources(t) {
		packages[filepath.Dir(s.path)] = true
	}
	for dir := range packages {
		if !strings.Contains(string(readme), dir+"/") {
			t.Errorf("README.md's map does not show %s/", dir)
		}
	}
	for _, shown := range regexp.MustCompile("(?m)^((?:internal|config|caddymodule|cmd|deploy|docs|loadtest)[a-z/]*/) ").FindAllStringSubmatch(string(readme), -1) {
		if _, err := os.Stat(filepath.Join(root(), shown[1])); err != nil {
			t.Errorf("README.md's map shows %s, which does not exist", shown[1])
		}
	}
}
