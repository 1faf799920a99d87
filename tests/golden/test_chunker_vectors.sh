#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The published vectors are what the text of docs/format/chunker.md gives, by an implementation
# that shares no code with lib/. The unit test compares lib/ with the same file.
name=chunker_vectors__follow_the_text
if tests/support/chunker_vectors.py --check docs/format/vectors/chunker.json; then
	echo "ok - $name"
	exit 0
fi
echo "not ok - $name"
exit 1
