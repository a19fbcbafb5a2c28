package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// application is what the applications of a repository differ in. Each has a
// base and two overlays: 8, 7 and 9 objects.
type application struct {
	Name, Team, Keyspace string
	Clients              []string
	Replicas             int // in production
	Size, Large          int // of volumes, in Gi: of the base, and in production
	Minute               int // of the nightly dump
}

var (
	teams  = strings.Fields("billing catalog checkout delivery identity loyalty media pricing search support")
	stores = strings.Fields("audit carts events features invoices ledger offers orders profiles ratings rules sessions stock tags tokens usage")
)

// applicationOf is the i-th application: always the same.
func applicationOf(i int) application {
	team, store := teams[i%len(teams)], stores[i/len(teams)%len(stores)]
	a := application{
		Team:     team,
		Keyspace: store,
		Name:     fmt.Sprintf("%s-%s-%d", team, store, i),
		Replicas: 3 * (1 + i%4),
		Size:     50 * (1 + i%7),
		Large:    1000 * (1 + i%3),
		Minute:   i % 60,
	}
	for n := range 1 + i%3 {
		a.Clients = append(a.Clients, fmt.Sprintf("%s-web-%d", team, n))
	}
	return a
}

// texts are the application as a spec and as values of the chart and of the CUE
// package, and these.
//
//go:embed *.tmpl all:chart all:cue
var texts embed.FS

var templates = template.Must(template.ParseFS(texts, "*.tmpl"))

// spec is where an application's spec is in a repository.
func (a application) spec(root string) string { return filepath.Join(root, "apps", a.Team, a.Name) }

// tree is where it is built to.
func (a application) tree(root string) string {
	return filepath.Join(root, "deploy", "apps", a.Team, a.Name)
}

// write makes a file of the application, as a template has it.
func (a application) write(as, path string) error {
	var text strings.Builder
	if err := templates.ExecuteTemplate(&text, as, a); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// revise writes the spec as it is after so many changes.
func (a application) revise(root string, changes int) error {
	a.Size += changes
	return a.write("app.cue.tmpl", filepath.Join(a.spec(root), "app.cue"))
}

// repository makes one of n applications, built to deploy/ below its root.
func repository(root string, n int) error {
	for i := range n {
		if err := applicationOf(i).revise(root, 0); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(root, "statefulc.cue"), []byte("output: \"deploy\"\n"), 0o644)
}

// peerFiles makes the chart with values, and the CUE package with directories,
// for n applications: each in production.
func peerFiles(root string, n int) error {
	if err := os.CopyFS(root, texts); err != nil {
		return err
	}
	for i := range n {
		a := applicationOf(i)
		if err := a.write("values.yaml.tmpl", filepath.Join(root, "values", a.Name+".yaml")); err != nil {
			return err
		}
		if err := a.write("values.cue.tmpl", filepath.Join(root, "cue", "apps", a.Name, "values.cue")); err != nil {
			return err
		}
	}
	return nil
}
