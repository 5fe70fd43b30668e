# The front door. Each target installs the Debian packages that it needs (perl/setup) and does one thing.
export PATH := $(PATH):$(HOME)/.cargo/bin
.DEFAULT_GOAL := all

.PHONY: all demo test test-rust test-perl test-kernel test-package test-fresh check \
	check-advisories check-memory check-reference fuzz-reference stress tidy bench deb install clean
# Targets share blib/, target/ and the two or three processors; cargo and prove run in parallel by themselves.
.NOTPARALLEL:

all:
	@perl/setup build
	@perl/blib

demo:
	@perl/setup build demo
	@perl/blib
	@perl -Mblib examples/demo

test: test-rust test-perl test-kernel

test-rust:
	@perl/setup build test
	@perl/test-rust

test-perl: all
	@perl/build-testlib
	@prove -b -r --norc $(or $(TESTS),$(wildcard t/*.t))

test-kernel: all
	@perl/test-kernel

# The package, installed, upgraded and removed in a Debian made for it. Needs root.
test-package: deb
	@perl/setup test-fresh
	@perl/test-package

test-fresh:
	@perl/setup build test-fresh
	@perl/test-fresh $(RELEASES)

check: all
	@perl/setup check
	@perl/check

# Needs the network: fetches the advisory database.
check-advisories:
	@perl/setup check
	@PATH="$(CURDIR)/build/tools/bin:$$PATH" cargo deny check advisories

check-memory: all
	@perl/setup check-memory
	@t/memory/run

check-reference: all
	@perl/setup check-reference
	@perl/check-reference

fuzz-reference: all
	@perl/setup check-reference
	@perl/fuzz-reference

# How long in seconds: STRESS_SECONDS; with what: STRESS_KIND.
stress: all
	@perl/build-testlib
	@STRESS_SECONDS=$(or $(STRESS_SECONDS),300) UML_SECONDS=1800 UML_MEMORY=2G \
		$(if $(filter filtering,$(STRESS_KIND)),perl/uml) prove -bv --norc t/stress.t

tidy:
	@perl/setup check
	@perl/tidy

bench: all
	@perl/setup bench
	@bench/run

deb:
	@perl/setup build deb
	@perl/deb

install:
	@perl/install $(if $(filter vendor,$(INSTALLDIRS)),--vendor) "$(DESTDIR)"

clean:
	rm -rf blib target build
