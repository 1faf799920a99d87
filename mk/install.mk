# SPDX-License-Identifier: Apache-2.0
.PHONY: install uninstall
install: all ## install programs, man pages, completions, schemas, docs (DESTDIR= PREFIX=)
	@tools/install add "$(BIN_DIR)" "$(DESTDIR)$(PREFIX)"

uninstall: ## remove what `make install` put there
	@tools/install remove "$(BIN_DIR)" "$(DESTDIR)$(PREFIX)"
