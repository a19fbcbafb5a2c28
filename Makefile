.PHONY: test fast generated check update mistakes bench profile build

# All tests: of the compiler, with two thousand generated specs, then on a real
# Kubernetes API server with its real controllers. The first run compiles
# Kubernetes: five to seven minutes.
test: fast generated
	cd e2e && go test -count=1 -timeout 15m ./...

# SPECS generated specs, half of them by each of two processes: what is accepted
# compiles, builds back, and is accepted by the API server's rules.
# `make generated SPECS=100000` takes about three hours on two cores. The seeds
# are fixed, so that a change is what makes it fail; other specs by -rapid.seed.
SPECS ?= 2000
half = go test ./pipeline -run TestGeneratedSpecs -count=1 -timeout 0 -rapid.nofailfile -rapid.checks=$$(( $(SPECS) / 2 )) -rapid.seed
generated:
	$(half)=2 & first=$$!; $(half)=3; second=$$?; wait $$first && exit $$second

# The tests of the compiler alone: under a minute.
fast:
	go test ./...

# Formatting, vet, and modules that are tidy.
check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go mod tidy -diff
	go mod verify

# statefulc beside kustomize, Helm and cue, which it installs: the tables of
# README. The processes as users run them, with time and peak memory. About ten
# minutes, beside the first installation; BENCH="-n 50 -rounds 1" for a look.
bench:
	go run ./bench $(BENCH)

# Where the time goes: load, compile, validate, emit and prove, of an example, of
# generated specs stage by stage, and of a repository of a thousand, with the
# memory that is live. Go benchmarks in one process; ten minutes.
profile:
	go test ./pipeline -run '^$$' -bench . -benchmem -timeout 1h

# Goldens, scripts and the examples' output, rewritten. Read the diff.
update:
	UPDATE=1 go test ./...

# What cue vet says of testdata/mistakes, asked anew, and docs/mistakes.md.
mistakes:
	GOBIN=$(CURDIR)/.cue go install cuelang.org/go/cmd/cue@$$(go list -m -f '{{.Version}}' cuelang.org/go)
	CUE=$(CURDIR)/.cue/cue go test ./pipeline -run TestMistakes -count=1
	rm -r .cue

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o statefulc ./cmd/statefulc
