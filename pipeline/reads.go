package pipeline

import (
	"slices"
	"strings"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/spec"
)

// judgement is a finding, and what its rule reads.
type judgement struct {
	diag.Diagnostic
	diag.Reads
}

// isBy reports whether the finding is judged by what has a path: by its value,
// if there is one, else by whether there is.
func (j judgement) isBy(path spec.Path, isThere bool) bool {
	if j.Reads == (diag.Reads{}) {
		return true
	}
	for _, at := range j.Scope {
		if isBelow(at, path) {
			return true // it is in it
		}
	}
	for _, owner := range j.owners() {
		if owner[0] == "patches" && path[0] == "name" {
			return true // of its target
		}
		if !isBelow(path, owner) {
			continue
		}
		if isWhole(owner) || isOne(path[len(owner):], j.Own, isThere) || j.isBeside(path, owner, isThere) {
			return true
		}
	}
	of, isHelper := ofPod(path)
	isBy := func(by []string) bool { return isOf(path, by, isThere) || isOf(of, by, isThere || isHelper) }
	if isOne(of, j.App, isThere || isHelper) || slices.ContainsFunc(j.By, isBy) {
		return true
	}
	return slices.ContainsFunc(j.Scope, func(at []string) bool {
		return isPod(at) && isBelow(path, at[:2]) && (isOne(of[2:], j.Pod, isThere || isHelper) || isOne(path[2:], j.Pod, isThere))
	})
}

// isBeside reports whether what has a path is in the field in which the finding
// is, and judges it there.
func (j judgement) isBeside(path, owner spec.Path, isThere bool) bool {
	at := j.place(owner)
	if !isBelow(path, at) {
		return false
	}
	for field := range strings.FieldsSeq(j.Own) {
		beside, ok := strings.CutPrefix(field, ".")
		if ok && (beside == "" || isOf(path[len(at):], strings.Split(beside, "."), isThere)) {
			return true
		}
	}
	return false
}

// owners are the entries of the application that a finding is found in, and of
// its groups the helpers.
func (j judgement) owners() (out []spec.Path) {
	for _, at := range j.Scope {
		switch {
		case isOfHelper(at):
			out = append(out, at[:4])
		case len(at) > 1:
			out = append(out, at[:2])
		}
	}
	return slices.DeleteFunc(slices.Clone(out), func(one spec.Path) bool {
		return slices.ContainsFunc(out, func(other spec.Path) bool { return len(other) > len(one) && isBelow(other, one) })
	})
}

// place is the field of an owner that a finding is found in, or the entry of it.
func (j judgement) place(owner spec.Path) spec.Path {
	at := owner
	for _, other := range j.Scope {
		if isBelow(other, owner) {
			at = other
		}
	}
	n := len(owner) + 1
	if n < len(at) && slices.Contains(ofEntries, at[n-1]) {
		n++
	}
	if n+1 < len(at) && at[n] == "static" {
		n += 2
	}
	return at[:min(n, len(at))]
}

// ofEntries are fields whose entries are judged one by one.
var ofEntries = []string{"env", "files", "racks", "scratch", "storage", "tls"}

// isWhole reports whether an entry is what it is as a whole.
func isWhole(owner spec.Path) bool { return owner[0] == "objects" || owner[0] == "patches" }

func isPod(path []string) bool {
	return len(path) > 1 && (path[0] == "groups" || path[0] == "jobs")
}

// isOfHelper reports whether a path leads to a container beside the main one,
// or into it.
func isOfHelper(path []string) bool {
	return len(path) > 3 && isPod(path) && (path[2] == "init" || path[2] == "sidecars")
}

// ofPod is the path that a field of a helper would have in its group; that of
// the group, for helpers as a whole.
func ofPod(path spec.Path) (of spec.Path, isHelper bool) {
	switch {
	case isOfHelper(path):
		return path[:2].Join(path[4:]...), len(path) == 4
	case isOfHelper(path.Join("")):
		return path[:2], true
	}
	return path, false
}

// isOne reports whether a path is of one of some fields, in it, or around it.
func isOne(path spec.Path, fields string, isThere bool) bool {
	for field := range strings.FieldsSeq(fields) {
		if isOf(path, strings.Split(field, "."), isThere) {
			return true
		}
	}
	return false
}

func isOf(path, field []string, isThere bool) bool {
	for i, name := range field {
		switch {
		case i == len(path):
			return true
		case name != "*" && name != path[i]:
			return false
		}
	}
	return field[len(field)-1] != "*" || len(path) == len(field) && !isThere
}

func isBelow(path, above []string) bool {
	return len(path) >= len(above) && slices.Equal(path[:len(above)], above)
}
