.PHONY: test fast check update build

# All tests: of the compiler, then on a real Kubernetes API server with its real
# controllers. The first run compiles Kubernetes: five to seven minutes.
test: fast
	cd e2e && go test -count=1 -timeout 15m ./...

# The tests of the compiler alone: under a minute.
fast:
	go test ./...

# Formatting, vet, and modules that are tidy.
check:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	go vet ./...
	go mod tidy -diff
	go mod verify

# Goldens, scripts and the examples' output, rewritten. Read the diff.
update:
	UPDATE=1 go test ./...

build:
	go build -trimpath -ldflags='-s -w' -o statefulc ./cmd/statefulc
