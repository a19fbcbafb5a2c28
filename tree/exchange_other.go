//go:build !linux && !darwin

package tree

import "errors"

// exchange is in two steps here.
func exchange(a, b string) error { return errors.ErrUnsupported }
