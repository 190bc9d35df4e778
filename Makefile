# SPDX-License-Identifier: Apache-2.0
# The front door. CMakePresets.json has the builds, tools/ the scripts behind these words.
.PHONY: all run shop test check gates coverage fuzz mutation power faults bench scorecard install clean
SECONDS ?= 60
CYCLES ?= 100000
all: ; @tools/setup && cmake --preset release >/dev/null && cmake --build --preset release --target symbolon
run: all ; @build/symbolon demo
shop: all ; @tools/setup shop && node examples/shop/start.mjs build/symbolon
test: ; @tools/setup test && tools/test_all
check: ; @tools/setup test && tools/test_all fast
gates: ; @tools/setup test && tools/gates
coverage: ; @tools/setup test && tools/coverage
fuzz: ; @tools/setup test && tools/fuzz $(SECONDS)
mutation: ; @tools/setup test && tests/mutation/run.py
power: ; @tools/setup test && cmake --preset release >/dev/null && cmake --build --preset release --target power_loss && CYCLES=$(CYCLES) build/tests/power_loss
faults: ; @tools/setup test && cmake --preset release >/dev/null && cmake --build --preset release --target effects_fail symbolon fail_sockets && RUNS=0 build/tests/effects_fail && ROUNDS=0 SYMBOLON=build/symbolon PYTHONPATH=tests/support /usr/bin/python3 -B tests/integration/sockets.py build/tests/libfail_sockets.so
bench: ; @tools/setup bench && $(MAKE) all && bench/run
scorecard: ; @tools/setup test && cmake --preset release >/dev/null && cmake --build --preset release && tests/scorecard/run.py build
install: all ; @cmake --install build
clean: ; @rm -rf build
