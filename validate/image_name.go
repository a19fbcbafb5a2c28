package validate

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/statefulc/statefulc/diag"
)

var imageName = Rule{
	Rule: diag.Rule{
		ID:   "image-name",
		What: "An image whose name no kubelet can read: two tags, a digest that is none, capital letters in its path.",
		Why: `The API server takes any text. The kubelet says InvalidImageName, and asks no registry; the pod waits for ever. Names with a
$ are left alone: they may be filled in later.`,
		Source: "kubernetes pkg/util/parsers; github.com/distribution/reference",
		Fix:    "Write registry/path:tag, registry/path@sha256:digest with 64 hexadecimal digits, or both behind each other.",
		Reads:  diag.Reads{Own: "image"},
	},
	Objects: func(p *ObjectsPass) {
		for _, w := range workloads(p.Set) {
			for _, c := range w.containers() {
				if c.Image == "" || strings.Contains(c.Image, "$") {
					continue
				}
				if _, err := reference.ParseNormalizedNamed(c.Image); err != nil {
					p.On(c.Object, c.in("image"), fmt.Sprintf("%q is no name of an image", c.Image), imageRemedy(c.Image))
				}
			}
		}
	},
}

// imageRemedy says what is wrong with a name, if that can be seen.
func imageRemedy(image string) string {
	named, digest, hasDigest := strings.Cut(image, "@")
	last := named[strings.LastIndex(named, "/")+1:]
	switch {
	case hasDigest && !reference.DigestRegexp.MatchString(digest):
		return "Write the digest in full, sha256: and 64 hexadecimal digits, or leave it out."
	case strings.Count(last, ":") > 1:
		return "Leave it with one tag, behind one colon."
	case strings.ToLower(named) != named:
		return "Write the path in lower case."
	}
	return "Write registry/path:tag."
}
