package diag

// Waiver is a comment that accepts the findings of a rule in some lines of its
// file.
type Waiver struct {
	Rule, Reason string
	Until        string // the last day that it counts, 2026-12-31; "": it always does
	Pos          Pos    // of the comment
	First, Last  int    // the lines of what it is about
}

// Covers reports whether w is for a finding.
func (w Waiver) Covers(d Diagnostic) bool {
	return d.Rule == w.Rule && d.Pos.File == w.Pos.File && w.First <= d.Pos.Line && d.Pos.Line <= w.Last
}
