/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds corpus files to a fuzz target that was built without a fuzzer: every input that ever
 * mattered is tried again by `make check`, with any compiler. A target that misbehaves
 * crashes; the case's line is printed after it came back.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_SIZE_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t *file_load(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = NULL;
	long size = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0 && size <= (long)INPUT_SIZE_MAX && fseek(file, 0, SEEK_SET) == 0) {
		*ret_len = (size_t)size;
		/* Exactly as long as the input: an over-read by one byte is seen. */
		data = malloc(size > 0 ? (size_t)size : 1);
	}
	if (data != NULL && fread(data, 1, *ret_len, file) != *ret_len) {
		free(data);
		data = NULL;
	}
	if (file != NULL)
		(void)fclose(file); /* nothing was written */
	return data;
}

int main(int argc, char **argv)
{
	int n_failed = 0;

	for (int i = 1; i < argc; i++) {
		size_t len = 0;
		uint8_t *data = file_load(argv[i], &len);

		if (data != NULL)
			(void)LLVMFuzzerTestOneInput(data,
						     len); /* crashes or returns 0 */
		else
			n_failed++;
		printf("%s - %s\n", data != NULL ? "ok" : "not ok", argv[i]);
		free(data);
	}
	return n_failed == 0 ? 0 : 1;
}
