package diag

// Reads are the fields of a spec by which the findings of a rule are judged, as
// the user writes them, with * for a name: storage.*.class. A field stands for all
// that is in it; one that ends with * is only which names there are. The zero
// value is any field.
type Reads struct {
	// Of the container that it is found in, of a group, a job or a helper; else of
	// the entry of the application. With a dot before it, it is beside the finding:
	// .tcp of the same probe; "." is all that is there.
	Own string
	Pod string // of all containers of the group or job
	App string // of the application: name, groups.*.replicas
}
