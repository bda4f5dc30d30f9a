# Till: `make help` says what there is.

CARGO ?= cargo
TILL  := target/release/till
DENY  := $(or $(shell command -v cargo-deny),target/tools/bin/cargo-deny)

.DEFAULT_GOAL := help
.PHONY: help demo build test check deny audit bench fuzz sim sim-planted clean-demo

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Builds Till and starts a till to try: store, emulated devices, API; Ctrl-C stops it
	@scripts/demo.sh $(TILL)

build: ## Builds the release binary, target/release/till
	$(CARGO) build --release --locked -p agent

test: ## Runs every test
	$(CARGO) test --workspace --locked
	$(CARGO) test --locked -p tests --features aws-iot-sdk -- over_sdk on_the_sdk

bench: build ## Measures speed and memory against plain rusqlite, writes docs/benchmarks.md (minutes; a quiet machine)
	TILL_BIN=$(abspath $(TILL)) $(CARGO) bench --locked -p tests --bench figures

check: deny ## Formatting, lints, licences and duplicates of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features tests/aws-iot-sdk --locked -- -D warnings

deny: $(DENY)
	$(DENY) --offline --log-level error check bans licenses sources

audit: $(DENY) ## Security advisories of dependencies (needs the advisory database, from the network)
	$(DENY) check advisories

target/tools/bin/cargo-deny:
	$(CARGO) install cargo-deny --version 0.20.2 --locked --debug --root target/tools

SEEDS ?= 20
FIRST_SEED ?= 1
sim: ## Simulates SEEDS (20) shops with hub and faults in virtual time, from FIRST_SEED (1) on
	SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) $(CARGO) test --profile sim --locked -p tests \
		--features simulated -- --exact sim::many_full_seeds --ignored --nocapture

sim-planted: ## Plants mistakes in the engine, one after another: the simulation must see each
	$(CARGO) test --profile sim --locked -p tests --features simulated \
		-- --exact sim::planted::every_planted_fault_breaks_a_law --ignored --nocapture

clean-demo: ## Forgets the demo store with everything that was sold in it
	@test ! -e demo/lock || flock --nonblock demo/lock true || { echo "The demo runs: stop it first."; exit 1; }
	rm -rf demo

FUZZ_SECONDS ?= 30
fuzz: $(or $(shell command -v cargo-fuzz),target/tools/bin/cargo-fuzz) ## Fuzzes each decoder and the API for FUZZ_SECONDS (30)
	@for target in codes bodies bulk frames carts registers papers snapshots imports printer terminal api; do \
		echo "== $$target"; \
		PATH="$$PWD/target/tools/bin:$$PATH" RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none $$target -- \
			-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 || exit 1; \
	done

target/tools/bin/cargo-fuzz:
	$(CARGO) install cargo-fuzz --version 0.13.2 --locked --debug --root target/tools
