# SPDX-License-Identifier: Apache-2.0
# Quipu's build: one non-recursive GNU make. `make help` lists what there is to run.
# Variants: make DEV=1 (ASan + UBSan), make VARIANT=tsan|cov|fuzz; each has its own build/<variant>/.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-print-directory

VERSION := 0.1.0
VARIANT ?= $(if $(DEV),dev,release)
B := build/$(VARIANT)
# A line per file instead of the whole command; V=1 shows it.
quiet = $(if $(V),,@echo '  $(1) $(if $(filter CC CXX,$(1)),$<,$@)' && )
PREFIX ?= /usr/local

include mk/flags.mk
include mk/build.mk
include mk/test.mk
include mk/install.mk
