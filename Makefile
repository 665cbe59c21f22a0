# What a fresh machine needs is Go, and Node 20 for `make test`; everything else comes with `go tool` and `npm ci`.

.PHONY: demo playground dev-mongo test test-go test-web check generate bench bench-live bench-query fuzz

demo: ## a made-up newsroom on http://127.0.0.1:8080
	go run . --demo

playground: ## dist/depeche, whose playground needs no CDN
	npm ci --prefix internal/playground/app
	npm run build --prefix internal/playground/app
	go build -tags playground -o dist/depeche .

MONGODEV ?= 127.0.0.1:27017
dev-mongo: ## a stand-in for MongoDB, with its data in data/mongodev
	@echo 'When its URI is there: MONGODB_URI=mongodb://$(MONGODEV)/depeche go run .'
	go run -C tools/mongodev . --listen $(MONGODEV) --data '$(CURDIR)/data/mongodev'

test: test-go test-web ## every test

test-go: ## those of Go, with the race detector
	go build -C tools/mongodev -o /dev/null . # once, and not by every package that starts it
	go test -race -shuffle=on -count=1 -timeout 20m ./...
	go test -C tools/mongodev -race -shuffle=on -count=1 ./...
	go test -C bench -count=1 ./... # whole servers: do 500 readers get everything, do all answer the same?
	go test -C examples/goclient -race -shuffle=on -count=1 ./...

test-web: playground ## whole servers, as browsers and the clients of others see them
	go build -o dist/test/depeche .
	go test -tags playground -count=1 ./internal/playground
	npm test --prefix internal/playground/app
	npm ci --prefix examples/spa
	npm run build --prefix examples/spa
	DEPECHE_TEST_BINARY='$(CURDIR)/dist/test/depeche' npm test --prefix examples/spa
	npm ci --prefix integration
	DEPECHE_TEST_BINARY='$(CURDIR)/dist/test/depeche' DEPECHE_TEST_PLAYGROUND_BINARY='$(CURDIR)/dist/depeche' npm test --prefix integration

check: ## what CI wants beside the tests
	go vet ./...
	go vet -C tools/mongodev ./...
	go vet -C bench ./...
	go vet -C examples/goclient ./...
	go tool staticcheck ./...
	staticcheck=$$(go tool -n staticcheck) && cd tools/mongodev && $$staticcheck ./... && cd ../../bench && $$staticcheck ./... && cd ../examples/goclient && $$staticcheck ./...
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt -w is due: $$unformatted"; exit 1; }
	go mod tidy -diff
	go mod tidy -C tools/mongodev -diff
	go mod tidy -C bench -diff
	go mod tidy -C examples/goclient -diff
	go mod verify
	go mod verify -C tools/mongodev
	go mod verify -C bench
	go mod verify -C examples/goclient
	$(MAKE) generate
	@git diff --exit-code -- graph/generated graph/model 'graph/*.resolvers.go' examples/goclient || { echo "the generated code is not up to date: commit what make generate makes"; exit 1; }
	@! grep -rn 'not implemented' graph --include='*.resolvers.go'

generate: ## the code that gqlgen makes of graph/schema
	go generate ./...
	go generate -C examples/goclient ./...

FUZZTIME ?= 30s
fuzz: ## every fuzz test for FUZZTIME
	@set -e; for dir in $$(go list -f '{{.Dir}}' ./...; go list -C examples/goclient -f '{{.Dir}}' ./...); do \
		for name in $$(grep -hos '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | sed 's/^func //'); do \
			echo "$$dir $$name"; (cd $$dir && go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) .); \
		done; \
	done

bench: ## the figures of the README, and those of MongoDB on whatever MONGODB_URI names, or on the stand-in
	go test -run '^$$' -bench . -benchmem ./...

bench-live: ## live delivery: whole processes side by side, 15 minutes on a quiet machine
	go run -C bench/live .

bench-query: ## queries: whole processes side by side, 20 minutes on a quiet machine; it needs Node 20 and a C++ compiler too
	cd bench/query/mercurius && npm ci
	go run -C bench/query .
