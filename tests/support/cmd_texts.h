/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that texts made from tables hold all of them. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_CMD_TEXTS_H
#define TESTS_SUPPORT_CMD_TEXTS_H

#include "base/cmd.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/process.h"

static inline void assert_has(const struct buf *text, const char *part)
{
	if (strstr(buf_string(text), part) == NULL)
		fail_msg("\"%s\" is missing in:\n%s", part, buf_string(text));
}

/* `format` has one %s for the option's name, each '-' of which becomes `dash`. */
static inline void assert_has_option(const struct buf *text, const char *before,
				     const char *dash, const char *name)
{
	CLEANUP(buf_release) struct buf form = {0};

	buf_init(&form, 0);
	buf_append_string(&form, before);
	for (; *name != '\0'; name++) {
		if (*name == '-')
			buf_append_string(&form, dash);
		else
			buf_append_byte(&form, (uint8_t)*name);
	}
	assert_has(text, buf_string(&form));
}

static inline void assert_has_table(const struct buf *text, const char *before,
				    const char *dash, const struct opt *table)
{
	for (; table->name != NULL; table++)
		assert_has_option(text, before, dash, table->name);
}

/* Every common and built-in option, and those of `cmd` unless it is NULL. */
static inline void assert_has_options(const struct buf *text, const char *before,
				      const char *dash, const struct program *program,
				      const struct cmd *cmd)
{
	assert_has_table(text, before, dash, program->common);
	assert_has_option(text, before, dash, "help");
	assert_has_option(text, before, dash, "version");
	for (size_t i = 0; cmd != NULL && cmd->tables != NULL && cmd->tables[i] != NULL;
	     i++)
		assert_has_table(text, before, dash, cmd->tables[i]);
}

/* Every option of every verb. */
static inline void assert_has_all_options(const struct buf *text, const char *before,
					  const char *dash, const struct program *program)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		assert_has_options(text, before, dash, program, program->commands[i]);
}

/* Writes `text` to a file in `directory` and runs argv with its path appended. The output
 * is stdout; a missing program skips the test. */
static inline void run_on_text(const char *directory, const struct buf *text,
			       const char *const *argv, struct buf *output)
{
	CLEANUP(mem_freep) char *path = path_join(directory, "text");
	const char *words[8] = {0};
	struct err err = {0};
	size_t n = 0;

	if (file_write(path, buf_slice(text), 0600, FILE_REPLACE, &err) < 0)
		fail_msg("%s", err.msg);
	for (; argv[n] != NULL && n < 6; n++)
		words[n] = argv[n];
	words[n] = path;
	if (process_run(words, 1 << 20, output, NULL, &err) == 0)
		return;
	if (err.code == ERR_NOT_FOUND)
		skip();
	fail_msg("%s", err.msg);
}

#endif
