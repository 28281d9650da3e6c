# What one does here, by name. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help setup build test lint format notebooks bench mutants release deb ci

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## installs the system libraries that are missing, those of the tests too (Debian, Ubuntu)
	sh .ci/setup --tests

build: ## the release build: .build/release/icot
	swift build -c release --product icot

test: ## all tests; some of them: make test FILTER=InternalizationTests.RemovalTests
	bash .ci/test $(if $(FILTER),--filter '$(FILTER)')

lint: ## what CI asks of the form of the source
	swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift

format: ## brings the source into that form
	swift format format --in-place --parallel --recursive Sources Tests Benchmarks Package.swift

notebooks: build ## replays every notebook and compares
	bash .ci/replay-notebooks

bench: ## lists the measurements; each folder says how it is run
	@ls -d Benchmarks/*/

mutants: ## breaks the code on purpose, in 250 places drawn anew each day, and sees whether the tests notice
	Tests/Mutants/run --sample 250

release: ## one program that needs glibc only, with all that comes with it: dist/icot-VERSION-linux-MACHINE
	packaging/release

deb: release ## the same as a Debian package
	packaging/deb && packaging/check-deb

ci: ## everything that decides whether a change lands
	bash .ci/run
