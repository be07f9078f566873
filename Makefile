# Usher's tasks. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c

GO ?= go
FUZZTIME ?= 60s

.PHONY: help build tools test check bench nightly generate clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the binary into ./usher
	$(GO) build -o usher ./cmd/usher

tools: ## Install what the tests need: redis-server, ffmpeg, chromium, strace
	@./deploy/install-tools.sh

test: tools ## Install what is missing, vet, and run every test with the race detector
	$(GO) vet ./...
	$(GO) test -race -v -count=1 -timeout 25m ./... | awk -f deploy/suites.awk

check: test ## What a change must pass: the tests and the linters
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

bench: tools ## Run the benchmarks in the form benchstat reads
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./internal/... ./caddymodule

nightly: ## Fuzz every target for FUZZTIME each, and run the full families of hostile requests
	@./deploy/fuzz.sh $(FUZZTIME)
	USHER_FULL=1 $(GO) test -race -count=1 -timeout 60m ./...

generate: ## Write the reference docs from the tables in the code
	$(GO) test ./caddymodule -run TestReference -update

clean: ## Remove what was built
	rm -f usher
