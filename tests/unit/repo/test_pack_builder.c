/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pack_sample.h"

static void test_pack_builder__name_and_size_are_those_of_the_object(void **state)
{
	struct pack_sample *sample = *state;
	uint8_t hash[HASH_LEN];
	uint8_t parsed[HASH_LEN];

	hash_sha256(buf_slice(&sample->pack), hash);
	assert_memory_equal(sample->info.name, hash, HASH_LEN);
	assert_int_equal(sample->info.size, sample->pack.len);
	assert_int_equal(padme_length(sample->pack.len), sample->pack.len);
	assert_int_equal(sample->info.epoch, 1);
	assert_true(pack_key_parse(sample->key, parsed));
	assert_memory_equal(parsed, hash, HASH_LEN);
}

static void test_pack_builder__two_packs_share_no_key(void **state)
{
	struct pack_sample *sample = *state;
	uint8_t before[PACK_HEADER_LEN];

	memcpy(before, sample->pack.data, PACK_HEADER_LEN);
	pack_sample_build(sample);
	/* uuid, commitment, ephemeral key, wrapped key and salt: all fresh */
	for (size_t at = 16; at < PACK_HEADER_LEN; at += 16)
		assert_memory_not_equal(before + at, sample->pack.data + at, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pack_sample_test(
			test_pack_builder__name_and_size_are_those_of_the_object),
		pack_sample_test(test_pack_builder__two_packs_share_no_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
