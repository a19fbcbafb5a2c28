package validate

// Rules are all rules, the API server's first.
var Rules = []Rule{
	apiServer,
	unknownKind,
	kubernetesVersion,
	unprintable,

	// Identity: names, labels and selectors.
	labelReserved,

	// Data: claims, volumes and what is written where.

	// Availability: quorums, budgets, probes and placement.
	quorumSize,
	quorumBudget,

	// Configuration: secrets, certificates and what refers to them.

	// Tools: what Argo CD, Flux and kustomize make of the objects.
}
