# Quipu's build: one non-recursive GNU make. `make help` lists what there is to run.
# Variants: make DEV=1 (warnings are errors, ASan + UBSan), make VARIANT=tsan|cov|fuzz.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
VARIANT ?= $(if $(DEV),dev,release)
B := build/$(VARIANT)

include mk/flags.mk
include mk/build.mk
include mk/test.mk
