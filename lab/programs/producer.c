// SPDX-License-Identifier: GPL-2.0
/*
 * producer.c - producers and consumers: one thread allocates, another frees.
 *
 * usage: producer [THREADS [OBJECTS]]
 *
 * Each pair of threads has a queue with room for 1,000 objects of 16 to 271 bytes, so no more are
 * in use. Unlike in drift.c, both threads run at the same time. OBJECTS, the number of all that
 * are allocated, is divided among the pairs. With 1 thread, this one fills a queue and empties it
 * in turns. Prints the sum of the numbers that consumers find in intact objects.
 */
#include "program.h"

#define ROOM	1000
/* Objects between two looks at the other side: the queue itself must not take most of the time. */
#define BATCH	100

struct queue {
	long *objects[ROOM];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	long put, taken;
};

static long threads, nr_objects = 100000;
static struct queue queues[MAX_THREADS];

/* By some bits of a product, sizes look random and are the same in each run. */
static size_t size_of(long number)
{
	return 16 + (number * 2654435761ul >> 8) % 256;
}

static long *produce(long number)
{
	size_t size = size_of(number);
	long *object = memset(get(size), number, size);

	*object = number;
	return object;
}

/* Return the number of an object, if it is intact. */
static long consume(long *object)
{
	long number = *object;
	char end = ((char *)object)[size_of(number) - 1];

	free(object);
	return end == (char)number ? number : 0;
}

/* Wait until @count is not @limit. */
static void await(struct queue *queue, const long *count, long limit)
{
	pthread_mutex_lock(&queue->lock);
	while (*count == limit)
		pthread_cond_wait(&queue->changed, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

static void advance(struct queue *queue, long *count)
{
	pthread_mutex_lock(&queue->lock);
	*count += BATCH;
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->lock);
}

static void put_batch(struct queue *queue, long first)
{
	long i;

	await(queue, &queue->taken, queue->put - ROOM);
	for (i = 0; i < BATCH; i++)
		queue->objects[(queue->put + i) % ROOM] = produce(first + i);
	advance(queue, &queue->put);
}

static long take_batch(struct queue *queue)
{
	long sum = 0, i;

	await(queue, &queue->put, queue->taken);
	for (i = 0; i < BATCH; i++)
		sum += consume(queue->objects[(queue->taken + i) % ROOM]);
	advance(queue, &queue->taken);
	return sum;
}

static long alone(void)
{
	long i, k, sum = 0;

	for (i = 0; i < nr_objects; i += ROOM) {
		for (k = 0; k < ROOM; k += BATCH)
			put_batch(&queues[0], i + k);
		for (k = 0; k < ROOM; k += BATCH)
			sum += take_batch(&queues[0]);
	}
	return sum;
}

static long run(long thread)
{
	struct queue *queue = &queues[thread / 2];
	long share, i, sum = 0;

	if (threads == 1)
		return alone();
	share = nr_objects / (threads / 2);
	for (i = 0; i < share; i += BATCH)
		if (thread % 2)
			sum += take_batch(queue);
		else
			put_batch(queue, thread / 2 * share + i);
	return sum;
}

int main(int argc, char **argv)
{
	long i;

	threads = argument(argc, argv, 1, 2);
	nr_objects = argument(argc, argv, 2, nr_objects);
	if (threads > 1 && threads % 2)
		die("pairs need an even number of threads, or 1");
	if (nr_objects % (ROOM * (threads > 1 ? threads / 2 : 1)))
		die("the number of objects is no multiple of 1000 for each pair");
	for (i = 0; i < MAX_THREADS; i++) {
		pthread_mutex_init(&queues[i].lock, NULL);
		pthread_cond_init(&queues[i].changed, NULL);
	}
	printf("%ld\n", in_new_threads(threads, run));
	return 0;
}
