package validate

import (
	"fmt"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/statefulc/statefulc/diag"
	"github.com/statefulc/statefulc/manifest"
)

var quantityRange = Rule{
	Rule: diag.Rule{
		ID:   "quantity-range",
		What: "An amount that Kubernetes cannot count, CPUs in bytes, and memory in which nothing starts.",
		Why: `An amount of more than 2^63-1 is taken for that number or another one, without a word. CPUs with Ki, Mi or Gi are thousands and millions of
them, and no node has so many. No container starts with less than some hundred kilobytes: "4" are four bytes.`,
		Source: "k8s.io/apimachinery/pkg/api/resource (Quantity); opencontainers/runc (minimum memory limit)",
		Fix:    "State the amount with the unit that is meant: 500m or 2 for CPUs, 512Mi or 4Gi for memory.",
		Reads:  diag.Reads{Own: "."},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				p.amounts(c, "requests", c.Resources.Requests)
				p.amounts(c, "limits", c.Resources.Limits)
			}
		}
		for _, o := range p.Set.Objects {
			manifest.Leaves(o.Tree(), func(f manifest.Field, v any) {
				if isAmount(f) && isBeyond(v) {
					p.On(o, f, fmt.Sprintf("it is more than Kubernetes can count, %d", math.MaxInt64), "State what is meant; 7Ei is the most.")
				}
			})
		}
	},
}

// isAmount reports whether a field holds a quantity.
func isAmount(f manifest.Field) bool {
	return f[0].Name == "spec" && slices.ContainsFunc(f, func(e manifest.Elem) bool {
		return !e.Key && slices.Contains([]string{"requests", "limits", "capacity", "sizeLimit", "hard"}, e.Name)
	})
}

// isBeyond reports whether an amount is the largest number, which is what more
// in bytes is read as, or more.
func isBeyond(v any) bool {
	text, _ := v.(string)
	amount, err := resource.ParseQuantity(text)
	return err == nil && amount.CmpInt64(math.MaxInt64) >= 0
}

// leastMemory is less than runc gives a container.
var leastMemory = resource.MustParse("128Ki")

func (p *ObjectsPass) amounts(c podContainer, field string, of corev1.ResourceList) {
	if cpu, stated := of[corev1.ResourceCPU]; stated && cpu.Format == resource.BinarySI {
		p.On(c.Object, c.in("resources.%s.cpu", field), fmt.Sprintf("%s are %d CPUs", cpu.String(), cpu.Value()), "State them without Ki, Mi or Gi: 500m is half of one, 2 are two.")
	}
	if memory, stated := of[corev1.ResourceMemory]; stated && memory.Sign() > 0 && memory.Cmp(leastMemory) < 0 {
		p.On(c.Object, c.in("resources.%s.memory", field), fmt.Sprintf("nothing starts in %s bytes of memory", memory.String()), "State it with its unit, such as 512Mi or 4Gi.")
	}
}
