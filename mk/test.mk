# Tests. `make check M=base/buf` runs one module's unit test.
UNIT_C := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(UNIT_C:tests/%.c=$(B)/tests/%)

$(B)/tests/%: $(B)/tests/%.o $(LIB)
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -lcmocka -o $@

$(B)/tests/support/%: $(B)/tests/support/%.o $(LIB)
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

.PHONY: all check
all: $(LIB) $(BIN)

ifdef M
check: $(B)/tests/unit/$(dir $(M))test_$(notdir $(M))
	$<
else
check: $(UNIT_BIN)
	for t in $(UNIT_BIN); do $$t || exit 1; done
endif
