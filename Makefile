# SPDX-License-Identifier: GPL-3.0-or-later
# For developers; ./run and ./test need no make.
.PHONY: all test test-data bench soak fuzz clean deb
SECONDS_EACH ?= 60

all:
	@test -e build/build.ninja || meson setup build --buildtype=release
	ninja -C build

test:
	./test

# The tests over public data alone, in the folder that CASTELLAN_DATA names.
test-data:
	./test data

bench:
	tools/install-packages bench
	tools/bench

# The million-case versions of the property tests; seed, commit and result go to bench/soak.md. SOAK_PART=N: an Nth of each size.
soak: all
	tools/soak

# Each fuzzer for SECONDS_EACH seconds.
fuzz:
	tools/install-packages build fuzz
	tools/fuzz $(SECONDS_EACH)

deb:
	tools/make-deb

clean:
	rm -rf build build-test build-test.log build-fuzz
