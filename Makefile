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
.PHONY: help run build test lint check bench test-survival test-system install uninstall needs needs-test needs-bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

needs:
	@packaging/install-missing build

needs-test:
	@packaging/install-missing test

needs-bench:
	@packaging/install-missing bench

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

lint: ## layout and house rules
	@$(SWIFT) format lint --strict -rp Sources Tests Package.swift
	@packaging/house-rules

check: lint test ## what CI checks: layout, house rules, warnings, tests

bench: needs-bench build ## speed and memory beside their floors; fails on the counted gates
	@Tests/Benchmarks/run

test-survival: build ## killed a thousand times and restarted a hundred under load, nobody is refused
	@Tests/Survival/run --kills 1000 --restarts 100

test-system: build ## the built binary in a virtual machine with systemd, cgroup v2 and podman
	@packaging/install-missing system
	@Tests/System/run

install: build ## put binaries, units, completions and manual pages below PREFIX
	@packaging/install-files "$(DESTDIR)" "$(PREFIX)"

uninstall: ## take them away again
	@packaging/install-files --remove "$(DESTDIR)" "$(PREFIX)"

clean: ## forget what was built
	@rm -rf .build
