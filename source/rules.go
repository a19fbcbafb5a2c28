package source

import "github.com/statefulc/statefulc/diag"

// Rules are what reading a spec reports.
var Rules = []diag.Rule{
	{
		ID:   rule,
		What: "What CUE and the schema refuse: a value that does not fit, a field that is not known or missing, text that is no CUE.",
		Why: `CUE's own errors are folded to one for each path; a mistake of the base that an overlay repeats is said once. Fields that
CUE does not mention while another error exists are found all the same.`,
		Source: "statefulc.dev/v1; cue-lang/cue#1319",
		Fix:    "See the comment of the field: `statefulc explain FIELD`.",
		Final:  true,
	},
	{
		ID:       staleSchema,
		Severity: diag.Warning,
		Final:    true,
		What:     "A vendored schema that is not the one of this statefulc.",
		Why:      "statefulc compiles by its own; cue vet and editors read the vendored one, and would tell another story.",
		Fix:      "Run statefulc init to renew it.",
	},
}

const staleSchema = "vendored-schema"
