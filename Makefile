# SPDX-License-Identifier: Apache-2.0
# vitald: `make run` and `make test` do everything on a fresh Debian machine with a Swift toolchain.

SWIFT ?= swift
CONFIG ?= debug
PREFIX ?= /usr/local
DESTDIR ?=
# The import law, and no warnings in our own targets.
LAW = --explicit-target-dependency-import-check error
STRICT = $(LAW) -Xswiftc -warnings-as-errors
LINK = $(or $(shell packaging/link-flags $(SWIFT) .build/archives),$(error packaging/link-flags failed, see above))
RELEASE = -c release --static-swift-stdlib $(LAW) $(LINK)
BIN = .build/release

.DEFAULT_GOAL := help
.PHONY: help run build test lint check-units check bench deb check-deb test-survival test-system install uninstall clean
.PHONY: needs needs-test needs-bench needs-units needs-deb

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

needs:
	@packaging/install-missing build

needs-test:
	@packaging/install-missing test

needs-bench:
	@packaging/install-missing bench

needs-units:
	@packaging/install-missing units

needs-deb:
	@packaging/install-missing deb

run: build ## install what is missing, build, start the daemon with its built-in defaults
	@echo "vitald: http://127.0.0.1:9847/  (another terminal: $(BIN)/vitalctl status)"
	@exec $(BIN)/vitald

build: needs ## the optimised binaries, in .build/release
	@echo "building (the first time takes some minutes)"
	@$(SWIFT) build $(RELEASE) --product vitald --quiet
	@$(SWIFT) build $(RELEASE) --product vitalctl --quiet

test: needs-test ## install what the tests need, run them all
	@$(SWIFT) build --build-tests $(STRICT)
	@Tests/run $(SWIFT)

lint: check-units ## layout, house rules, units
	@$(SWIFT) format lint --strict -rp Sources Tests Package.swift
	@packaging/house-rules

check-units: needs-units ## what systemd says of units, drop-ins and catalog; fails above an exposure of 1.5
	@packaging/check-units

check: lint test ## before a commit: layout, house rules, warnings, tests

bench: needs-bench build ## speed and memory beside their floors; fails on the counted gates
	@Tests/Benchmarks/run

test-survival: build ## killed a thousand times and restarted a hundred under load, nobody is refused
	@Tests/Survival/run --kills 1000 --restarts 100

deb: needs-deb build ## the Debian package, vitald_VERSION_amd64.deb; then: apt install ./vitald_*.deb
	@rm -f vitald_*.deb
	@packaging/make-deb

check-deb: deb ## the package's files, fields and scripts, and what lintian says of it
	@packaging/check-deb vitald_*.deb

test-system: deb ## the package in a virtual machine with systemd, cgroup v2 and podman
	@packaging/install-missing system
	@Tests/System/run

install: build ## put binaries, units, catalog, completions and manual pages below PREFIX
	@packaging/install-files "$(DESTDIR)" "$(PREFIX)"

uninstall: ## stop the service and take them away again
	@packaging/install-files --remove "$(DESTDIR)" "$(PREFIX)"

clean: ## forget what was built
	@rm -rf .build vitald_*.deb
