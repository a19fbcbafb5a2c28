package diag

import (
	"strings"
	"testing"
)

// Processors have no bytes, and bytes no thousandths.
func TestQuantities(t *testing.T) {
	for _, c := range []struct{ text, field, want string }{
		{"1000mi", "cpu", "1000m"},
		{"500mCPU", "cpuLimit", "500m"},
		{"1,5 cores", "cpu", "1.5"},
		{"2Gi", "requests.cpu", ""},
		{"8GB", "memory", "8G 8g 8G 8g"},
		{"8 gib", "size", "8Gi 8gi 8G 8g"},
		{"10kb", "size", "10K 10k 10K 10k"},
		{"1TiBytes", "size", "1Ti 1ti 1T 1t"},
		{"4", "memory", "4Gi 4Mi"},
		{"fast", "memory", ""},
	} {
		if got := strings.Join(Quantities(c.text, c.field), " "); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.text, c.field, got, c.want)
		}
	}
}
