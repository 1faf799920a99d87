# SPDX-License-Identifier: Apache-2.0
# The library and the programs: build/bin/ in the release variant, build/<variant>/bin/ in the others.
LIB_C := $(sort $(wildcard lib/*/*.c))
LIB_CXX := $(sort $(wildcard lib/*/*.cc))
LIB_O := $(LIB_C:%.c=$(B)/%.o) $(LIB_CXX:%.cc=$(B)/%.o)
LIB := $(B)/libquipu.a
# A folder is a program as soon as it has a main.c.
PROGRAM_DIRS := $(patsubst %/main.c,%,$(wildcard backup/main.c restore/main.c dr/main.c))
BIN_DIR := $(if $(filter release,$(VARIANT)),build/bin,$(B)/bin)
BIN := $(PROGRAM_DIRS:%=$(BIN_DIR)/quipu-%)

.PHONY: all bootstrap demo clean compile_commands.json
all: $(BIN) $(LIB) ## build the library and the programs (build/bin/)

$(B)/.needs: mk/flags.mk tools/packages.txt
	@tools/build-needs "$(CC)" "$(CXX)" $(PACKAGES) $(HEADER_PACKAGES)
	@mkdir -p $(@D) && touch $@

$(B)/%.o: %.c mk/flags.mk | $(B)/.needs
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS_FILE_$*) -c $< -o $@

$(B)/%.o: %.cc mk/flags.mk | $(B)/.needs
	@mkdir -p $(@D)
	$(call quiet,CXX)$(CXX) $(CPPFLAGS_ALL) $(CXXFLAGS_ALL) -c $< -o $@

# The chunker's inner loop is worth -O3: tests/bench/bench_chunker.c tells.
FLAGS_FILE_lib/repo/chunker := $(if $(filter release,$(VARIANT)),-O3)

$(LIB): $(LIB_O)
	@rm -f $@
	$(call quiet,AR)ar rcsD $@ $^

define program_rule
$(BIN_DIR)/quipu-$(1): $$(patsubst %.c,$(B)/%.o,$$(sort $$(wildcard $(1)/*.c))) $(LIB)
	@mkdir -p $$(@D)
	$$(call quiet,LD)$(CXX) $(LDFLAGS_ALL) $$^ $(LIBS) -o $$@
endef
$(foreach p,$(PROGRAM_DIRS),$(eval $(call program_rule,$(p))))

-include $(shell find $(B) -name '*.d' 2>/dev/null)

bootstrap: ## install the Debian packages that building and testing need (root or sudo)
	@tools/bootstrap build test

# The sub-make reads pkg-config anew: before bootstrap there may have been none.
demo: bootstrap ## back up, verify and restore a private PostgreSQL, with timings
	@$(MAKE) all
	@tools/demo

clean: ## remove build/
	rm -rf build compile_commands.json

compile_commands.json: ## write the database that editors and clang-tidy read
	@tools/compile-commands "$(CURDIR)" < <($(MAKE) V=1 -nB all unit-programs) > $@

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z_.-]+):[^#]*## (.*)/\1\t\2/p' Makefile mk/*.mk | sort | expand -t 24
	@echo 'Variables: DEV=1, VARIANT=tsan|cov|fuzz, M=layer/module, WERROR=, DESTDIR= PREFIX='
