#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The published vectors are what the text of docs/format/tree.md gives, by an implementation
# that shares no code with lib/. The unit test compares lib/ with the same file.
name=tree_vectors__follow_the_text
if tests/support/tree_vectors.py --check docs/format/vectors/tree.json; then
	echo "ok - $name"
	exit 0
fi
echo "not ok - $name"
exit 1
