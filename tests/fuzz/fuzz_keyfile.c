/* SPDX-License-Identifier: Apache-2.0 */
/* Text as a key file, opened without a passphrase: scrypt would only make it slow. */
#include <stdint.h>

#include "repo/keyfile_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(key_file_release) struct key_file file = {0};
	CLEANUP(key_secrets_release) struct key_secrets secrets = {0};
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	if (key_file_decode(slice_of(data, len), &file, &err) < 0)
		return 0;
	if (!file.is_protected && key_file_secrets(&file, NULL, &secrets, &err) == 0)
		(void)(key_open(slice_of(data, len), NULL, &key, &err) < 0);
	return 0;
}
