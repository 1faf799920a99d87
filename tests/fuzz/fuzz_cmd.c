/* SPDX-License-Identifier: Apache-2.0 */
/* argv from bytes: words end at '\n'. Nothing may crash, and what is refused says why. */
#include "base/mem.h"
#include "support/cmd_sample.h"

enum { WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void parse(int argc, char *const *argv)
{
	struct cmd_line line = {0};
	struct err err = {0};

	if (cmd_parse(&SAMPLE_PROGRAM, argc, argv, &line, &err) < 0) {
		if (err.code == ERR_NONE || err.msg[0] == '\0')
			abort();
		return;
	}
	if ((line.outcome == CMD_RUN) != (line.cmd != NULL) ||
	    (line.outcome == CMD_HELP_SHOWN && line.text.len == 0))
		abort();
	cmd_line_release(&SAMPLE_PROGRAM, &line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *program = mem_strdup("quipu-sample");
	char *argv[WORDS_MAX + 1] = {program};
	char *copy = mem_zalloc(len + 1);
	int argc = 1;

	if (len > 0)
		memcpy(copy, data, len);
	for (char *word = copy; *word != '\0' && argc < WORDS_MAX;) {
		size_t n = strcspn(word, "\n");
		bool last = word[n] == '\0';

		word[n] = '\0';
		argv[argc++] = word;
		word += last ? n : n + 1;
	}
	(void)cmd_wants_json(argc, argv);
	/* Reads a file that the input names: not here. */
	for (int i = 1; i < argc; i++)
		if (strstr(argv[i], "man:") != NULL)
			argc = i;
	parse(argc, argv);
	mem_free(copy);
	mem_free(program);
	return 0;
}
