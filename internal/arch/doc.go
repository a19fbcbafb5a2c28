// Package arch keeps the floors of the house apart: it fails for an import
// that goes up or sideways, and for a package that has no floor.
package arch
