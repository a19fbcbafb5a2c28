package diag

// Rule is a kind of finding: what is reported, why it matters, and what to do
// about it. `statefulc explain` and docs/rules.md print it.
type Rule struct {
	ID       string   // in words: quorum-budget
	Severity Severity // of its findings, where they do not differ
	What     string   // what it reports, as a noun phrase that ends with a period
	Why      string   // what happens otherwise
	Source   string   // where that is known from: a file of Kubernetes, an issue, a measurement; "" if it follows from the spec alone
	Fix      string   // what to do
	Final    bool     // cannot be waived: it would be refused all the same, or is not about the spec
	Reads    Reads    // what its findings are judged by: they wait while CUE refuses something of that
}
