package validate

// Rules are all rules, the API server's first.
var Rules = []Rule{
	apiServer,
	unknownKind,
	kubernetesVersion,
	unprintable,
	imageName,
	quantityRange,

	// Identity: names, labels and selectors.
	labelReserved,
	setName,
	headlessService,
	claimCollision,
	selectorOverlap,
	volatileLabel,
	antiAffinitySelf,

	// Data: claims, volumes and what is written where.
	classKnown,
	classReclaim,
	claimKnown,
	sharedClaim,
	deploymentClaim,
	dataOutsideClaims,
	singleWriter,
	latestTag,
	classOmitted,

	// Availability: quorums, budgets, probes and placement.
	quorumSize,
	quorumBudget,
	budgetAllowsNothing,
	budgetTwice,
	budgetRounding,
	budgetUnhealthy,
	budgetRacks,
	autoscalerReplicas,
	autoscalerTarget,
	autoscalerQuorum,
	parallelRollout,
	parallelStuck,
	rolloutMajority,
	upgradeRestarts,
	quorumPlacement,
	spreadMissing,
	readinessMissing,
	graceZero,
	graceShort,
	livenessJoining,
	orderedBootstrap,
	peersUnpublished,
	readinessAddress,
	peerListRestarts,

	// Configuration: secrets, certificates and what refers to them.
	secretLiteral,
	referenceDeclared,
	variableKnown,
	hostKnown,
	portDeclared,
	policyPeers,
	policyDNS,
	clientServiceNotReady,
	certificateNames,
	heapAgainstMemory,

	// Tools: what Argo CD, Flux and kustomize make of the objects.
	claimTemplateKind,
	trackingLabel,
	hashedName,
	forcedSync,
	claimWave,
}
