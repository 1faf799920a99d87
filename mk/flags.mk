# SPDX-License-Identifier: Apache-2.0
# Compilers, warnings, libraries, one set of flags per variant.
ifeq ($(filter release dev tsan cov fuzz,$(VARIANT)),)
$(error VARIANT=$(VARIANT) is unknown; expected release, dev, tsan, cov or fuzz)
endif
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(VARIANT)),clang,gcc)
endif
ifeq ($(origin CXX),default)
CXX := $(if $(filter fuzz,$(VARIANT)),clang++,g++)
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wcast-qual \
	-Wwrite-strings -Wformat=2 -Wconversion -Wpointer-arith
C_WARNINGS := $(WARNINGS) -Wstrict-prototypes -Wmissing-prototypes
# `make WERROR=` for a compiler with warnings that we do not know yet.
WERROR ?= -Werror
BASE_FLAGS := -g -fstack-protector-strong -fno-omit-frame-pointer -pthread \
	-D_GNU_SOURCE -DQUIPU_VERSION='"$(VERSION)"'

FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fPIE
FLAGS_dev := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fPIE
FLAGS_tsan := -O1 -fsanitize=thread -fPIE
FLAGS_cov := -O0 --coverage -fPIE
FLAGS_fuzz := -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
LINK_release := -pie -Wl,-z,relro,-z,now

# Without pkg-config or a library this stays empty; tools/build-needs then says what is missing.
PACKAGES := libcrypto libzstd libarchive libpq jansson libacl
# Headers only: no flags wanted (those of pkg-config ask for its shared library), but it must be there.
HEADER_PACKAGES := tomlplusplus
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null | sed 's/-I/-isystem /g')
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm

CPPFLAGS_ALL := -Ilib -I$(B)/gen $(PKG_CFLAGS) -MMD -MP
CFLAGS_ALL := -std=c17 $(BASE_FLAGS) $(C_WARNINGS) $(WERROR) $(FLAGS_$(VARIANT)) $(CFLAGS)
CXXFLAGS_ALL := -std=c++17 $(BASE_FLAGS) $(WARNINGS) $(WERROR) $(FLAGS_$(VARIANT)) $(CXXFLAGS)
# The C++ compiler links: clang's UBSan run-time for the one C++ file comes only so.
LDFLAGS_ALL := $(FLAGS_$(VARIANT)) $(LINK_$(VARIANT)) -pthread $(LDFLAGS)
