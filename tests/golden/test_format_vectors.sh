#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The published vectors of keys, signed objects and chains, read by an implementation that shares
# no code with lib/. tests/unit/repo/test_vectors.c compares lib/ with the same files.
exec tests/support/format_vectors.py
