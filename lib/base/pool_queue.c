/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded ring of pointers between two stages: a full one slows its producer down, which
 * is what keeps the memory of a pipeline the sum of its bounds. */
#include <assert.h>

#include "base/mem.h"
#include "base/pool.h"

struct queue {
	struct mutex *mutex;
	struct condition *not_empty, *not_full; /* or closed */
	void **items;
	size_t capacity, first, n;
	bool closed;
};

struct queue *queue_new(size_t max_items)
{
	struct queue *queue = mem_zalloc(sizeof(*queue));

	assert(max_items > 0);
	queue->items = mem_calloc(max_items, sizeof(*queue->items));
	queue->capacity = max_items;
	queue->mutex = mutex_new();
	queue->not_empty = condition_new();
	queue->not_full = condition_new();
	return queue;
}

void queue_free(struct queue *queue)
{
	if (queue == NULL)
		return;
	condition_free(queue->not_empty);
	condition_free(queue->not_full);
	mutex_free(queue->mutex);
	mem_free(queue->items);
	mem_free(queue);
}

void queue_freep(struct queue **queue)
{
	queue_free(*queue);
}

bool queue_push(struct queue *queue, void *item)
{
	LOCKED(queue->mutex);

	assert(item != NULL);
	while (queue->n == queue->capacity && !queue->closed)
		condition_wait(queue->not_full, queue->mutex);
	if (queue->closed)
		return false;
	queue->items[(queue->first + queue->n) % queue->capacity] = item;
	queue->n++;
	condition_signal_one(queue->not_empty);
	return true;
}

/* With the mutex held. */
static void *take_first(struct queue *queue)
{
	void *item;

	if (queue->n == 0)
		return NULL;
	item = queue->items[queue->first];
	queue->first = (queue->first + 1) % queue->capacity;
	queue->n--;
	condition_signal_one(queue->not_full);
	return item;
}

void *queue_pop(struct queue *queue)
{
	LOCKED(queue->mutex);

	while (queue->n == 0 && !queue->closed)
		condition_wait(queue->not_empty, queue->mutex);
	return take_first(queue);
}

void *queue_try_pop(struct queue *queue)
{
	LOCKED(queue->mutex);

	return take_first(queue);
}

void queue_close(struct queue *queue)
{
	LOCKED(queue->mutex);

	queue->closed = true;
	condition_signal_all(queue->not_empty);
	condition_signal_all(queue->not_full);
}
