.DEFAULT_GOAL := help
.PHONY: help run test test-rooms test-built test-program test-examples test-fast test-long test-random test-many test-fuzz lint fmt verify vulncheck generate bench bench-scale build

GOLANGCI := go tool -modfile=tools/go.mod golangci-lint

# Without what a debugger needs, which nobody asks of tests, linking takes half as long.
QUICK := -ldflags=-w

# SQLite here is C, translated to Go. Its memory is not Go's, so the race detector does
# not watch it, but would look at each access all the same and take twice the time.
RACE := $(QUICK) -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile

# Most tests of the built program wait, for a clock or for a time-out: three go where one
# processor is.
WAITING := $(shell expr 3 \* $$(getconf _NPROCESSORS_ONLN))

# Under the race detector a test takes five to ten times as long. In these rooms hardly
# anything is at once: the tests of what is are named so, and run with it too.
CALM := ./domain/... ./adapters/catalog ./adapters/sandbox ./adapters/sandbox/stripespec ./adapters/stripe/... ./cmd/entitled/failpoints
RACED := AtOnce|Concurrently|UnderWay|SubmittedTwice|TestChaos_|TestFailNext_|TestWebhook_

# In the others all is run with it but what tries many random cases, or is a long story, or
# goes through tables one by one, or is the store by PgBouncer and in memory, which is that
# on Postgres and in a file once more.
UNRACED := Convergence|OrdinaryDays|HoldsNoMore|FindsEachColumn|ButtonsSayWhatAClickDoes|OtherLeadTimesAreHeeded|TestRows_RoundTrip|TestStore_/any_|TestStore_/contract/any_|TestStore_PgBouncer|TestStore_SQLiteInMemory
UNRACED := $(UNRACED)|TestUpdate_AnyStatement|KeepWhatIsThere|KeepsWhatIsThere|TestMigrate_UpDownUp|TestMigrate_Invoices|TestMigrate_LetsWritersPass|TestPasts_|TestPurchases_|TestKnown_|TestRoutes_EveryParameter|TestArchive_
UNRACED_IN := ./app ./adapters/bunstore $(addprefix ./adapters/sandbox/internal/,api state wire)

# Random states and histories are for a database of each kind, not for each way to one.
ELSEWHERE := TestStore_PgBouncer/any_|TestStore_SQLiteInMemory/any_

run: ## Run everything on this machine: SQLite, a Stripe in a box, a pricing page; no keys, no network
	go run ./cmd/entitled dev

test: export TMPDIR := $(shell .ci/tmpdir)
test: ## Run all tests: unit, property, contract on memory, SQLite and Postgres, end to end, browser, clients and examples
	@.ci/deps
	@examples/node/install  # which the browser's tests and the examples both need
	@$(MAKE) --no-print-directory -j 3 test-rooms test-program test-examples  # of which the last two wait while the first works

test-rooms: export GORACE := atexit_sleep_ms=10
test-rooms:
	go test $(QUICK) -timeout 30m $(CALM)
	go test $(RACE) -timeout 30m -run '$(RACED)' ./domain ./adapters/sandbox ./adapters/stripe
	go test $(QUICK) -timeout 30m -skip '$(ELSEWHERE)' -run '$(UNRACED)' $(UNRACED_IN)
	go test $(RACE) -timeout 30m -skip '$(UNRACED)' ./app ./adapters/bunstore $$(go list ./... | grep -vxF "$$(go list $(CALM) ./cmd/...)")  # the longest first

test-built test-program test-examples: export PROGRAM := $(CURDIR)/bin/tested
test-built:
	go build $(QUICK) -o $(PROGRAM) ./cmd/entitled

test-program: test-built  # parts of it are built to look for races, its tests are not
	go test $(QUICK) -timeout 30m -p 1 -parallel $(WAITING) $$(go list ./cmd/entitled/... | grep -v /failpoints$$)

test-examples: test-built
	examples/run

test-fast: ## Run the tests of the domain and the use cases: seconds
	go test ./domain/... ./app/... ./adapters/memory/...

# How much is tried where a night is there for it: `make -k test-long`, or less of it, such as
# `make test-random SEEDS=100`. What fails prints its seed.
SEEDS := 10000
CALLS := -failpoints 1000 -boundaries.months 24 -purchases 200
MANY := -fifty 1000 -racing 200 -subscribers 200 -years 5 -deliveries.kills 30 -oddities -slow-bodies
FUZZ := 10m

test-long: test-random test-many test-fuzz ## Run what is random at length, and what is many as often as it is at worst: for a night

test-random test-many: export TMPDIR := $(shell .ci/tmpdir)
test-random:
	@.ci/deps
	go test $(QUICK) -timeout 24h $$(grep -rl --include=*_test.go pgregory.net/rapid . | xargs -n 1 dirname | sort -u) -rapid.checks=$(SEEDS)

test-many:
	@.ci/deps
	go test $(QUICK) -timeout 24h ./cmd/entitled/failpoints $(CALLS)
	go test $(QUICK) -timeout 24h ./cmd/entitled -run '_Fifty|_BesideTheWebhooks|_ADayWithout|TestYear|_WhoeverKills|_OddValues|_SlowSenders' $(MANY)

test-fuzz:
	for target in $$(grep -ro --include=*_test.go '^func Fuzz[A-Za-z]*' . | sed 's,/[^/]*:func ,:,'); do \
	  go test $${target%:*} -run '^$$' -fuzz "^$${target#*:}\$$" -fuzztime $(FUZZ) -parallel 1 || exit 1; done

lint: ## Check style and the rules of the house
	$(GOLANGCI) run ./...
	cd clients/go && go tool -modfile=../../tools/go.mod golangci-lint run ./...

fmt: ## Format the code
	gofmt -w domain ports app adapters cmd migrations clients/generate clients/go examples/go

generate: ## Make generated files anew: the HTTP server, openapi.json and the clients' types from openapi.yaml, tables and diagram of ARCHITECTURE.md
	go generate ./...
	go test ./domain -run Diagram -update

verify: ## Check that go.mod is tidy and the code formatted (generated files are checked by the tests)
	go mod tidy -diff
	cd clients/go && go mod tidy -diff
	@unformatted=$$(gofmt -l domain ports app adapters cmd migrations clients/generate clients/go examples/go); \
	 [ -z "$$unformatted" ] || { echo "run make fmt: $$unformatted" >&2; exit 1; }
	go vet ./...
	go vet -tags nodev,sqlmap ./cmd/entitled/...

vulncheck: ## Look for known vulnerabilities in what is called, where the list of them can be had
	@.ci/vulncheck

bench: ## Measure webhooks/s beside pgbench and the obvious handler, reads/s beside an empty one, processor time, memory, large accounts, start-up time, a replay in memory
	@.ci/deps
	go test ./domain -run '^$$' -bench . -cpu 1
	go test ./cmd/entitled -run '^$$' -bench . -skip '^BenchmarkScale$$' -benchtime 1x -timeout 60m

bench-scale: ## Measure with a million accounts (BENCH_ACCOUNTS) beside 10,000: webhooks/s, reads/s, what is found in the cache
	@.ci/deps
	go test ./cmd/entitled -run '^$$' -bench '^BenchmarkScale$$' -benchtime 1x -timeout 60m

build: ## Build bin/entitled, as it is for production: without dev
	CGO_ENABLED=0 go build -tags nodev -trimpath -ldflags '-s -w' -o bin/entitled ./cmd/entitled
