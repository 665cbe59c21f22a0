# What a fresh machine needs is Go; everything else comes with `go tool`.

.PHONY: demo test check generate bench fuzz

demo: ## a made-up newsroom on http://127.0.0.1:8080/playground
	go run . --demo

test: ## every test, with the race detector
	go test -race -shuffle=on -count=1 -timeout 20m ./...

check: ## what CI wants beside the tests
	go vet ./...
	go tool staticcheck ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt -w is due: $$unformatted"; exit 1; }
	go mod tidy -diff
	go mod verify
	$(MAKE) generate
	@git diff --exit-code -- graph/generated graph/model 'graph/*.resolvers.go' || { echo "the generated code is not up to date: commit what make generate makes"; exit 1; }
	@! grep -rn 'not implemented' graph --include='*.resolvers.go'

generate: ## the code that gqlgen makes of graph/schema
	go generate ./...

FUZZTIME ?= 30s
fuzz: ## every fuzz test for FUZZTIME
	@set -e; for dir in $$(go list -f '{{.Dir}}' ./...); do \
		for name in $$(grep -hos '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | sed 's/^func //'); do \
			echo "$$dir $$name"; (cd $$dir && go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) .); \
		done; \
	done

bench: ## the figures of the README
	go test -run '^$$' -bench . -benchmem ./...
