# What one does with this repository. `make` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

target := $(or $(CARGO_TARGET_DIR),target)
# Whoever starts make may ignore signals (nohup, a shell's background); tests that send them must not inherit that.
cargo-test := env --default-signal cargo test --locked
export CARGO_TERM_PROGRESS_WHEN ?= never

# Tests of the operator mostly wait for it, and it for its clock.
waiters := 12

# The agent goes into images whose libraries nobody knows: it brings its own.
static := x86_64-unknown-linux-gnu
jar := $(target)/examples/clear-looks.jar

libmesos := $(target)/x86_64-unknown-linux-gnu/libmesos/libmesos.so
image := $(target)/image
version := $(shell awk -F '"' '/^version = / { print $$2; exit }' Cargo.toml)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use

.PHONY: setup
setup: ## Java, and Spark and Jupyter in a private Python environment under target/
	@echo "== Setting up"
	@tests/beds/spark.sh

.PHONY: build
build: binaries libmesos ## the lcmap-spark command, the agent and libmesos.so beside it, in target/release/
	@mkdir -p $(target)/release
	@cp -u $(target)/$(static)/release/lcmap-spark $(target)/$(static)/agent/lcmap-agent $(libmesos) $(target)/release/
	@ls -sh1 $(addprefix $(target)/release/,lcmap-spark lcmap-agent libmesos.so)

# One build for laptops and for the image: it brings its own libraries.
.PHONY: binaries
binaries: agent
	@echo "== Building"
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --quiet --locked --release -p lcmap-spark --target $(static)

.PHONY: libmesos
libmesos: ## libmesos.so for images as old as CentOS 7 (glibc 2.17)
	@echo "== Building libmesos.so"
	@libmesos/build.sh >/dev/null

.PHONY: agent
agent:
	@echo "== Building the agent"
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --quiet --locked --profile agent -p lcmap-spark-agent --target $(static)
	@mkdir -p $(target)/release && cp -u $(target)/$(static)/agent/lcmap-agent $(target)/release/

.PHONY: image
image: image-root ## the operator's image, as an OCI archive, without a container engine
	operator/image.py docker.io/usgseros/lcmap-spark-operator:$(version) $(image)/root $(image)/lcmap-spark-operator.tar

.PHONY: image-root
image-root: binaries libmesos
	@rm -rf $(image)/root && mkdir -p $(image)/root
	@cp $(target)/$(static)/release/lcmap-spark $(target)/$(static)/agent/lcmap-agent $(libmesos) $(image)/root/

.PHONY: examples
examples: setup $(jar) ## the Scala example's jar

$(jar): examples/clear-looks/ClearLooks.scala
	@mkdir -p $(@D)
	. $(target)/env && spark-class scala.tools.nsc.Main -usejavacp -deprecation -Xfatal-warnings -d $@ $<

.PHONY: demo
demo: setup build $(jar) ## set up, build, and run every example on this machine
	@. $(target)/env && python3 examples/demo.py

##@ Test

layers := unit spark api chart cluster mesos
# One set of features for all layers, so that none builds the tests anew.
features := lcmap-spark-tests/api,lcmap-spark-tests/cluster,lcmap-spark-tests/mesos
real := -p lcmap-spark-tests --features api,cluster,mesos
spark := commands containers examples manifests notebook operator_image outcomes pages secrets shells \
	stopping surroundings verbatim

.PHONY: test
test: ## everything: each layer below in turn, on its real bed; one that fails does not hide the others
	@failed=; for layer in $(layers); do \
	    echo "== $$layer"; $(MAKE) --no-print-directory $$layer || failed="$$failed $$layer"; done; \
	    if [ -n "$$failed" ]; then echo "failed:$$failed" >&2; exit 1; fi

.PHONY: unit
unit: ## what needs no set-up: seconds, once it is built
	$(cargo-test) --workspace --exclude lcmap-spark-tests --no-fail-fast

.PHONY: simulate
simulate: export SEEDS ?= 1000000
simulate: ## a million simulated lives of a job, over all cores; SEED=17 tells one (see operator/tests/simulation)
	$(cargo-test) -p lcmap-spark --no-default-features --profile simulation --test simulation -- --nocapture

.PHONY: program
program: agent
	cargo build --quiet --locked -p lcmap-spark

.PHONY: spark
spark: program examples beds image ## lcmap-spark as a process, with real Spark, notebooks, terminals and containers
	$(cargo-test) $(real) --no-fail-fast --lib $(spark:%=--test %)

.PHONY: api
api: program setup ## admission and the operator, held to a real API server (built with Go, some minutes, once) and a real Mesos
	$(cargo-test) $(real) --test admission
	$(cargo-test) $(real) --test operator -- --test-threads=$(waiters)

.PHONY: chart
chart: ## the Helm chart and the kustomize base, by helm and kubectl, on a real API server
	$(cargo-test) $(real) --test chart

.PHONY: cluster
cluster: image beds ## SparkJobs in real pods on real nodes, by chart and kubectl (as root; some minutes, once)
	$(cargo-test) $(real) --test 'kubernetes*'
	$(cargo-test) $(real) --test pods -- --test-threads=3

.PHONY: mesos
mesos: export LCMAP_LIBMESOS = $(abspath $(libmesos))
mesos: program examples libmesos ## the Mesos client, libmesos.so and Distributed jobs from a laptop, on a real Mesos with real Spark (some minutes, once)
	@failed=; $(cargo-test) $(real) --no-fail-fast --test mesos --test libmesos -- --test-threads=8 || failed=1; \
	    $(cargo-test) $(real) --test distributed -- --test-threads=4 || failed=1; test -z "$$failed"

.PHONY: beds
beds: setup
	@tests/beds/podman.sh

.PHONY: bench
bench: build setup libmesos ## what each part costs, as ratios against its budget
	@echo "== A whole job"
	@. $(target)/env && python3 tests/bench/whole_job.py
	@echo "== The agent alone"
	cargo bench --quiet --locked -p lcmap-spark-agent
	@echo "== The operator"
	cargo bench --quiet --locked -p lcmap-spark-tests --features api,mesos --bench operator
	@echo "== libmesos.so"
	LCMAP_LIBMESOS=$(abspath $(libmesos)) cargo bench --quiet --locked -p lcmap-spark-tests --features api,mesos --bench libmesos
	@echo "== A Distributed job"
	LCMAP_LIBMESOS=$(abspath $(libmesos)) cargo bench --quiet --locked -p lcmap-spark-tests --features api,mesos --bench distributed

.PHONY: fuzz
fuzz: ## each fuzz target for a minute (needs a nightly toolchain)
	command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
	cd tests/fuzz && for fuzzed in plan pem answer events wire zookeeper; do cargo +nightly fuzz run $$fuzzed -- -max_total_time=60; done

##@ Check

.PHONY: fmt
fmt: ## format
	cargo fmt --all

.PHONY: lint
lint: ## formatting and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --features $(features) -- -D warnings

.PHONY: deny
deny: $(target)/tools/bin/cargo-deny ## licences, sources and duplicates of the dependencies
	$(target)/tools/bin/cargo-deny --locked check bans licenses sources

$(target)/tools/bin/cargo-deny:
	@echo "== Building cargo-deny (some minutes, once)"
	cargo install --quiet --locked cargo-deny --version '^0.20' --root $(target)/tools

.PHONY: drift
drift: ## generated files are as their generator writes them
	cargo test --quiet --locked -p lcmap-spark-crd --test generated

.PHONY: check-core
check-core: ## core is pure: it compiles without the features that bring clocks, clients and runtimes
	cargo clippy --quiet --locked -p lcmap-spark --lib --no-default-features -- -D warnings

.PHONY: clean
clean: ## what was built; the beds stay
	cargo clean --quiet --profile dev
	cargo clean --quiet --release
	rm -rf $(target)/examples
