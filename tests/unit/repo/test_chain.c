/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/chain.h"

enum { NODES_MAX = 8 };

/* Nodes whose ids are one letter and zeroes; prev is a text of letters. */
struct graph {
	size_t n;
	uint8_t ids[NODES_MAX][HASH_LEN];
	struct vec prev[NODES_MAX];
	struct chain_node nodes[NODES_MAX];
	struct chain *chain;
	struct strings alarms;
};

static void add(struct graph *g, uint64_t seq, char letter, const char *prev)
{
	size_t i = g->n++;

	g->ids[i][0] = (uint8_t)letter;
	vec_init(&g->prev[i], HASH_LEN);
	for (; *prev != '\0'; prev++) {
		uint8_t id[HASH_LEN] = {(uint8_t)*prev};

		vec_push(&g->prev[i], id);
	}
	g->nodes[i] =
		(struct chain_node){.seq = seq, .id = g->ids[i], .prev = &g->prev[i]};
}

static void check(struct graph *g, enum chain_tips tips)
{
	g->chain = chain_new(g->nodes, g->n);
	chain_check(g->chain, "header", tips, &g->alarms);
}

static int setup(void **state)
{
	struct graph *g = mem_zalloc(sizeof(*g));

	strings_init(&g->alarms);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct graph *g = *state;

	chain_free(g->chain);
	for (size_t i = 0; i < g->n; i++)
		vec_release(&g->prev[i]);
	strings_release(&g->alarms);
	mem_free(g);
	return 0;
}

static void test_chain_check__accepts_a_fork_that_is_joined(void **state)
{
	struct graph *g = *state;

	add(g, 1, 'a', "");
	add(g, 2, 'b', "a");
	add(g, 2, 'c', "a");
	add(g, 3, 'd', "bc");
	check(g, CHAIN_TIPS_HIGHEST);
	assert_int_equal(strings_count(&g->alarms), 0);
}

static void test_chain_check__accepts_none(void **state)
{
	struct graph *g = *state;

	check(g, CHAIN_TIPS_HIGHEST);
	assert_int_equal(strings_count(&g->alarms), 0);
	assert_int_equal(chain_find(g->chain, g->ids[0]), CHAIN_NONE);
}

static void test_chain_check__accepts_two_heads_at_the_tip(void **state)
{
	struct graph *g = *state;
	CLEANUP(vec_release) struct vec heads = {0};

	add(g, 1, 'a', "");
	add(g, 2, 'b', "a");
	add(g, 2, 'c', "a");
	check(g, CHAIN_TIPS_HIGHEST);
	chain_heads(g->chain, &heads);
	assert_int_equal(strings_count(&g->alarms), 0);
	assert_int_equal(heads.n, 2);
	assert_int_equal(*(size_t *)vec_at(&heads, 0), 1);
	assert_int_equal(*(size_t *)vec_at(&heads, 1), 2);
}

static void test_chain_check__misses_a_predecessor(void **state)
{
	struct graph *g = *state;

	add(g, 1, 'a', "");
	add(g, 3, 'c', "b");
	check(g, CHAIN_TIPS_ANY);
	assert_int_equal(strings_count(&g->alarms), 1);
	assert_string_equal(strings_at(&g->alarms, 0),
			    "header 3 (63000000): its predecessor 62000000 is not there");
}

static void test_chain_check__notices_a_head_below_the_tip(void **state)
{
	struct graph *g = *state;

	add(g, 1, 'a', "");
	add(g, 2, 'b', "a");
	add(g, 2, 'c', "a");
	add(g, 3, 'd', "b");
	check(g, CHAIN_TIPS_HIGHEST);
	assert_int_equal(strings_count(&g->alarms), 1);
	assert_string_equal(
		strings_at(&g->alarms, 0),
		"header 2 (63000000): no later one names it, though the newest is 3");
}

static void test_chain_check__lets_owners_work_at_once(void **state)
{
	struct graph *g = *state;

	add(g, 1, 'a', "");
	add(g, 2, 'b', "a");
	add(g, 2, 'c', "a");
	add(g, 3, 'd', "b");
	check(g, CHAIN_TIPS_ANY);
	assert_int_equal(strings_count(&g->alarms), 0);
}

static void test_chain_check__refuses_a_wrong_number(void **state)
{
	struct graph *g = *state;

	add(g, 1, 'a', "");
	add(g, 2, 'b', "");
	add(g, 4, 'd', "b");
	check(g, CHAIN_TIPS_ANY);
	assert_int_equal(strings_count(&g->alarms), 2);
	assert_string_equal(strings_at(&g->alarms, 0),
			    "header 2 (62000000): its predecessors end at 0");
	assert_string_equal(strings_at(&g->alarms, 1),
			    "header 4 (64000000): its predecessors end at 2");
}

static void test_chain_mark__reaches_the_past_only(void **state)
{
	struct graph *g = *state;
	bool marks[NODES_MAX] = {false};

	add(g, 1, 'a', "");
	add(g, 2, 'b', "a");
	add(g, 2, 'c', "a");
	add(g, 3, 'd', "bc");
	add(g, 4, 'e', "d");
	check(g, CHAIN_TIPS_HIGHEST);
	chain_mark(g->chain, 2, marks);
	assert_true(marks[0]);
	assert_false(marks[1]);
	assert_true(marks[2]);
	assert_false(marks[3]);
	chain_mark(g->chain, 3, marks);
	assert_true(marks[1]);
	assert_true(marks[3]);
	assert_false(marks[4]);
}

/* Hashes cannot form a circle; a walk ends even if they did. */
static void test_chain_mark__ends_in_a_circle(void **state)
{
	struct graph *g = *state;
	bool marks[NODES_MAX] = {false};

	add(g, 1, 'a', "b");
	add(g, 2, 'b', "a");
	check(g, CHAIN_TIPS_ANY);
	chain_mark(g->chain, 1, marks);
	assert_true(marks[0]);
	assert_int_equal(strings_count(&g->alarms), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_chain_check__accepts_a_fork_that_is_joined),
		CASE(test_chain_check__accepts_none),
		CASE(test_chain_check__accepts_two_heads_at_the_tip),
		CASE(test_chain_check__misses_a_predecessor),
		CASE(test_chain_check__notices_a_head_below_the_tip),
		CASE(test_chain_check__lets_owners_work_at_once),
		CASE(test_chain_check__refuses_a_wrong_number),
		CASE(test_chain_mark__reaches_the_past_only),
		CASE(test_chain_mark__ends_in_a_circle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
