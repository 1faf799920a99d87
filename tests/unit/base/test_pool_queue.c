/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pool.h"

static void test_queue_pop__keeps_the_order(void **state)
{
	CLEANUP(queue_freep) struct queue *queue = queue_new(3);
	int items[5] = {0};

	(void)state;
	assert_true(queue_push(queue, &items[0]));
	assert_true(queue_push(queue, &items[1]));
	assert_ptr_equal(queue_pop(queue), &items[0]);
	assert_true(queue_push(queue, &items[2]));
	assert_true(queue_push(queue, &items[3]));
	assert_ptr_equal(queue_pop(queue), &items[1]);
	assert_ptr_equal(queue_pop(queue), &items[2]);
	assert_ptr_equal(queue_pop(queue), &items[3]);
}

static void test_queue_try_pop__is_null_when_empty(void **state)
{
	CLEANUP(queue_freep) struct queue *queue = queue_new(1);
	int item = 0;

	(void)state;
	assert_null(queue_try_pop(queue));
	assert_true(queue_push(queue, &item));
	assert_ptr_equal(queue_try_pop(queue), &item);
	assert_null(queue_try_pop(queue));
}

static void test_queue_close__delivers_what_is_left(void **state)
{
	CLEANUP(queue_freep) struct queue *queue = queue_new(2);
	int item = 0;

	(void)state;
	assert_true(queue_push(queue, &item));
	queue_close(queue);
	queue_close(queue);
	assert_false(queue_push(queue, &item));
	assert_ptr_equal(queue_pop(queue), &item);
	assert_null(queue_pop(queue));
}

struct consumer {
	struct queue *queue;
	unsigned long long sum;
	unsigned count;
};

static void consume(void *task, unsigned worker)
{
	struct consumer *consumer = task;

	(void)worker;
	for (int *item = queue_pop(consumer->queue); item != NULL;
	     item = queue_pop(consumer->queue)) {
		consumer->sum += (unsigned)*item;
		consumer->count++;
	}
}

static void test_queue_push__blocks_until_there_is_room(void **state)
{
	enum { N = 500 };
	struct err err = {0};
	struct pool *pool = NULL;
	CLEANUP(queue_freep) struct queue *queue = queue_new(1);
	struct consumer consumers[2] = {{.queue = queue}, {.queue = queue}};
	int items[N];

	(void)state;
	assert_int_equal(pool_new(2, 2, &pool, &err), 0);
	pool_submit(pool, consume, &consumers[0]);
	pool_submit(pool, consume, &consumers[1]);
	for (int i = 0; i < N; i++) {
		items[i] = i;
		assert_true(queue_push(queue, &items[i]));
	}
	queue_close(queue);
	pool_free(pool);
	assert_int_equal(consumers[0].count + consumers[1].count, N);
	assert_int_equal(consumers[0].sum + consumers[1].sum, N * (N - 1) / 2);
}

struct producer {
	struct queue *queue;
	struct event *started;
	bool pushed;
};

static void push_one_more(void *task, unsigned worker)
{
	struct producer *producer = task;

	(void)worker;
	event_set(producer->started);
	producer->pushed = queue_push(producer->queue, producer);
}

static void test_queue_close__wakes_a_blocked_push(void **state)
{
	struct err err = {0};
	struct pool *pool = NULL;
	CLEANUP(queue_freep) struct queue *queue = queue_new(1);
	CLEANUP(event_freep) struct event *started = event_new();
	struct producer producer = {.queue = queue, .started = started, .pushed = true};

	(void)state;
	assert_true(queue_push(queue, &producer));
	assert_int_equal(pool_new(1, 1, &pool, &err), 0);
	pool_submit(pool, push_one_more, &producer);
	event_wait(started);
	queue_close(queue);
	pool_free(pool);
	assert_false(producer.pushed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_pop__keeps_the_order),
		cmocka_unit_test(test_queue_try_pop__is_null_when_empty),
		cmocka_unit_test(test_queue_close__delivers_what_is_left),
		cmocka_unit_test(test_queue_push__blocks_until_there_is_room),
		cmocka_unit_test(test_queue_close__wakes_a_blocked_push),
	};

	return cmocka_run_group_tests_name("base/pool_queue", tests, NULL, NULL);
}
