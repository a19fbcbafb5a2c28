package validate

// Rules are all rules, the API server's first.
var Rules = []Rule{
	apiServer,
	kubernetesVersion,
	unprintable,
	labelReserved,
	quorumSize,
	quorumBudget,
}
