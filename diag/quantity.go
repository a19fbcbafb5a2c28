package diag

import (
	"regexp"
	"slices"
	"strings"
)

// IsCPU reports whether a field counts processors, and not bytes: cpu and
// cpuLimit of a spec, requests.cpu of an object.
func IsCPU(field string) bool {
	return field == "cpu" || field == "cpuLimit" || strings.HasSuffix(field, ".cpu")
}

// Quantities are the quantities that a text may have been meant as, the nearest
// first: of processors 500mCPU and "1,5 cores", of bytes 8GB, 8 gib and 10kb. Whoever uses
// them tries each.
func Quantities(text, field string) []string {
	m := quantity.FindStringSubmatch(strings.NewReplacer(" ", "", ",", ".", "_", "").Replace(text))
	if m == nil {
		return nil
	}
	number, unit := m[1], strings.ToLower(m[2])
	switch {
	case IsCPU(field) && (unit == "" || slices.Contains(cores, unit)):
		return []string{number}
	case IsCPU(field) && unit[0] == 'm':
		return []string{number + "m"}
	case IsCPU(field):
		return nil
	case unit == "":
		return []string{number + "Gi", number + "Mi"}
	case unit == "m":
		return []string{number + "Mi"}
	}
	if unit = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(unit, "ytes"), "yte"), "b"); unit == "" {
		return nil // as much as nothing
	}
	initial := strings.ToUpper(unit[:1])
	return []string{number + initial + unit[1:], number + unit, number + initial, number + unit[:1]}
}

var (
	quantity = regexp.MustCompile(`^([0-9]+(?:[.][0-9]+)?)([A-Za-z]*)$`)
	cores    = []string{"cpu", "cpus", "vcpu", "vcpus", "core", "cores", "c"}
)
