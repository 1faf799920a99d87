# The library and the programs.
LIB_C := $(sort $(wildcard lib/*/*.c))
LIB_CXX := $(sort $(wildcard lib/*/*.cc))
LIB_O := $(LIB_C:%.c=$(B)/%.o) $(LIB_CXX:%.cc=$(B)/%.o)
LIB := $(B)/libquipu.a
PROGRAMS := quipu-backup quipu-restore quipu-dr
BIN := $(PROGRAMS:%=$(B)/bin/%)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(FLAGS_FILE_$*) -c $< -o $@

$(B)/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS_ALL) $(CXXFLAGS_ALL) -c $< -o $@

# The chunker's inner loop is worth -O3 (docs/performance.md).
FLAGS_FILE_lib/repo/chunker := -O3

$(LIB): $(LIB_O)
	@rm -f $@
	ar rcsD $@ $^

define program_rule
$(B)/bin/quipu-$(1): $$(patsubst %.c,$(B)/%.o,$$(sort $$(wildcard $(1)/*.c))) $(LIB)
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS_ALL) $$^ $(LIBS) -o $$@
endef
$(foreach p,backup restore dr,$(eval $(call program_rule,$(p))))

-include $(shell find $(B) -name '*.d' 2>/dev/null)
