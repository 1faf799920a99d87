/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs with --include and --exclude say about patterns (base/pattern.h). */
#ifndef CLI_CLI_PATTERNS_H
#define CLI_CLI_PATTERNS_H

#include "base/cmd.h"

extern const char cli_pattern_text[]; /* the text of a section "Patterns" */

/* The sections of a verb that has no other. */
extern const struct cmd_section cli_pattern_sections[];

#endif
