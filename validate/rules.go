package validate

// Rules are all rules, the API server's first.
var Rules = []Rule{
	apiServer,
	unprintable,
	labelReserved,
	quorumSize,
	quorumBudget,
}
