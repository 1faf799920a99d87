# SPDX-License-Identifier: Apache-2.0
# Tests. `make check M=base/buf` builds and runs one module's unit test.
# Unit suites run in the order of lib/LAYERS: the first red layer is the real one.
LAYERS := $(shell sed -n 's/^\([a-z]*\):.*/\1/p' lib/LAYERS)
UNIT_C := $(foreach l,$(LAYERS),$(sort $(wildcard tests/unit/$(l)/test_*.c)))
UNIT_BIN := $(UNIT_C:%.c=$(B)/%)
FUZZ_C := $(sort $(wildcard tests/fuzz/fuzz_*.c))
REPLAY_BIN := $(FUZZ_C:tests/fuzz/fuzz_%.c=$(B)/tests/fuzz/replay_%)
FUZZ_BIN := $(FUZZ_C:%.c=$(B)/%)
# For ThreadSanitizer: the layers that start threads, without what takes long there and starts none.
THREADED_BIN := $(filter-out $(addprefix $(B)/tests/unit/repo/test_,chunker index_cache packlist_set record_sorter \
	sequence_writer),$(filter $(addprefix $(B)/tests/unit/,base/% files/% store/% repo/% job/% cli/%),$(UNIT_BIN)))
GOLDEN := $(sort $(wildcard tests/golden/test_*.sh tests/golden/test_*.py))
BENCH_BIN := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/bench_*.c)))
INTEGRATION := $(sort $(wildcard tests/integration/test_*.sh tests/integration/test_*.py))
# The gates look at the source, so one variant runs them.
GATES := $(if $(filter release,$(VARIANT)),$(sort $(wildcard tools/check-* tests/support/test-gates tests/support/test-runner)))
RUN_TESTS := BIN_DIR=$(BIN_DIR) VARIANT=$(VARIANT) CC="$(CC)" TALLY="$(TALLY)" tests/support/run-tests

$(B)/tests/%.o: CPPFLAGS_ALL += -Itests

# What several unit tests share.
UNIT_SUPPORT_O := $(patsubst %,$(B)/tests/support/%.o,record_sink record_source fake_postgres)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_SUPPORT_O) $(LIB)
	$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

$(B)/tests/support/%: $(B)/tests/support/%.o $(UNIT_SUPPORT_O) $(LIB)
	$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(LIB)
	$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(LIB)
	$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(LIB)
	$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(LIBS) -o $@

.PHONY: check check-threads run-threads threaded-programs analyze bench unit-programs integration fuzz fuzz-smoke fuzz-programs test coverage
unit-programs: $(UNIT_BIN) $(REPLAY_BIN)
fuzz-programs: $(FUZZ_BIN)
threaded-programs: $(THREADED_BIN)

ifdef M
check: $(B)/tests/unit/$(dir $(M))test_$(notdir $(M))
	$<
else
check: all unit-programs ## the fast tests and the gates; one module: M=layer/module
	@$(RUN_TESTS) $(UNIT_BIN) $(REPLAY_BIN) $(GOLDEN) $(GATES)
endif

check-threads: ## the unit tests with threads under ThreadSanitizer
	@$(MAKE) VARIANT=tsan run-threads

run-threads: threaded-programs
	@$(RUN_TESTS) $(THREADED_BIN)

integration: all $(B)/tests/support/pg_roundtrip ## the tests with real servers, on this variant's programs
	@$(RUN_TESTS) $(INTEGRATION)

fuzz: ## fuzz one target: T=name SECONDS=60 (clang)
	@$(MAKE) VARIANT=fuzz build/fuzz/tests/fuzz/fuzz_$(T)
	@tests/support/fuzz-run build/fuzz/tests/fuzz/fuzz_$(T) $(or $(SECONDS),60)

fuzz-smoke: ## fuzz every target for a few seconds (clang)
	@$(MAKE) VARIANT=fuzz fuzz-programs
	@$(RUN_TESTS) tests/support/fuzz-smoke

bench: all $(BENCH_BIN) ## time the parts that matter
	@for b in $(BENCH_BIN) $(sort $(wildcard tests/bench/bench_*.sh)); do $$b; done

analyze: ## clang-tidy over the library and the programs (.clang-tidy)
	@printf '%s\n' $(LIB_C) $(wildcard $(PROGRAM_DIRS:%=%/*.c)) | xargs -n 8 -P 2 sh -c \
		'clang-tidy --quiet "$$@" -- -std=c17 -D_GNU_SOURCE -Ilib $(PKG_CFLAGS) 2>/dev/null' _

coverage: ## line and branch coverage of format/, crypto/ and repo/
	@rm -rf build/cov
	-@$(MAKE) VARIANT=cov check # a red test does not hide the figures
	@for branches in '' --branches; do \
		gcovr -r . $$branches --exclude-throw-branches -f 'lib/(format|crypto|repo)/' build/cov; done

test: ## everything that CI checks; last line: N passed, N failed, N skipped
	@tests/support/test-all "$(MAKE)"
