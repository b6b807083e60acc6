// SPDX-License-Identifier: GPL-2.0
/*
 * trace.c - the debugfs file `trace`: read a recorded trace, check it, and compute the steps of
 * replay.c in advance, so that little of that is measured.
 *
 * A trace is accepted as a whole when its last byte is written, or refused by that write with
 * EINVAL and a line in the log. The previous trace stays until then.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include <slabmod/slabmod.h>

#include "bench.h"
#include "trace.h"

/* No value needs more than 25 bits, four bytes of a varint. */
#define MAX_BYTES	(sizeof(struct trace_header) +				\
			 TRACE_MAX_CACHES * sizeof(struct trace_cache) + TRACE_MAX_EVENTS * 4)

static DEFINE_MUTEX(trace_lock);	/* of the pointer, and of every struct upload */
static struct trace *last_trace;

/* State of an open file. */
struct upload {
	size_t got;
	bool over;		/* accepted or refused */
	u8 *bytes;		/* MAX_BYTES */
};

/* State while decoding. */
struct decoder {
	const u8 *at, *end;
	struct trace *trace;
	u32 events, allocs;	/* so far */
	u32 free;		/* number of free_slots */
	struct trace_step *next;
	u32 *free_slots;	/* a stack: the slot freed last is reused first */
	u32 *step_of;		/* allocation -> its step, or FREED */
};

#define FREED		U32_MAX

/* ---- checks ---- */

static int refuse(const char *why)
{
	pr_err("slabmod_bench: trace refused: %s\n", why);
	return -EINVAL;
}

static int refuse_event(const struct decoder *d, const char *why)
{
	pr_err("slabmod_bench: trace refused: event %u (the first is 0): %s\n", d->events, why);
	return -EINVAL;
}

static int check_header(const struct trace_header *h)
{
	u32 bytes = le32_to_cpu(h->bytes), caches = le32_to_cpu(h->caches);
	u32 events = le32_to_cpu(h->events), allocs = le32_to_cpu(h->allocs);
	u32 slots = le32_to_cpu(h->slots);

	if (memcmp(h->magic, TRACE_MAGIC, sizeof(h->magic)))
		return refuse("it does not begin as one; scripts/record-trace makes them");
	if (le32_to_cpu(h->version) != TRACE_VERSION)
		return refuse("it is of another version");
	if (caches > TRACE_MAX_CACHES)
		return refuse("it has more than 64 caches");
	if (events > TRACE_MAX_EVENTS)
		return refuse("it has more than 1,000,000 events");
	if (!allocs || allocs > events || !slots || slots > allocs)
		return refuse("its header's counts contradict each other");
	if (bytes > MAX_BYTES ||
	    bytes < sizeof(*h) + caches * sizeof(struct trace_cache) + events)
		return refuse("its header's length cannot be true");
	return 0;
}

static int decode_caches(struct trace *t, const struct trace_cache *c)
{
	u32 i;

	for (i = 0; i < t->caches; i++) {
		u32 size = le32_to_cpu(c[i].size);

		if (!size || size > SLABMOD_CACHE_MAX_SIZE)
			return refuse("a cache's objects have no bytes or more than 32 KiB");
		/* Room for the mark of replay.c. */
		t->cache_size[i] = max_t(u32, size, sizeof(long));
	}
	return 0;
}

/* ---- events ---- */

static int next_varint(struct decoder *d, u32 *value)
{
	unsigned int shift = 0;
	u64 v = 0;
	u8 byte;

	do {
		if (d->at == d->end)
			return refuse_event(d, "the trace ends in it");
		byte = *d->at++;
		v |= (u64)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && shift < 35);
	if (byte & 0x80 || v > U32_MAX)
		return refuse_event(d, "its number is too large");
	*value = v;
	return 0;
}

static int decode_alloc(struct decoder *d, u32 cache, u32 size)
{
	if (d->allocs == d->trace->allocs)
		return refuse_event(d, "there are more allocations than the header says");
	if (!d->free)
		return refuse_event(d, "more is in use at once than the header says");
	d->next->slot = d->free_slots[--d->free];
	d->next->size = max_t(u32, size, sizeof(long));
	d->next->cache = cache;
	d->next->part = d->allocs % TRACE_PARTS;
	d->step_of[d->allocs++] = d->next++ - d->trace->steps;
	return 0;
}

static void add_free(struct decoder *d, u32 alloc)
{
	*d->next = d->trace->steps[d->step_of[alloc]];
	d->next->size = 0;
	d->free_slots[d->free++] = d->next->slot;
	d->step_of[alloc] = FREED;
	d->next++;
}

static int decode_free(struct decoder *d, u32 distance)
{
	if (!distance || distance > d->allocs)
		return refuse_event(d, "it frees what was never allocated");
	if (d->step_of[d->allocs - distance] == FREED)
		return refuse_event(d, "it frees for a second time");
	add_free(d, d->allocs - distance);
	return 0;
}

static int decode_event(struct decoder *d)
{
	u32 value;
	int err;

	err = next_varint(d, &value);
	if (err)
		return err;
	switch ((enum trace_event)(value & 3)) {
	case TRACE_FREE:
		return decode_free(d, value >> 2);
	case TRACE_KMALLOC:
		if (value >> 2 == 0 || value >> 2 > SLABMOD_KMALLOC_MAX)
			return refuse_event(d, "a size of no bytes or more than 4 MiB");
		return decode_alloc(d, TRACE_BY_SIZE, value >> 2);
	case TRACE_CACHE:
		if (value >> 2 >= d->trace->caches)
			return refuse_event(d, "there is no such cache");
		return decode_alloc(d, value >> 2, d->trace->cache_size[value >> 2]);
	case TRACE_CPU:
		if (value >> 2 > TRACE_MAX_CPU)
			return refuse_event(d, "there is no such CPU");
		/* One CPU replays it all: see replay.c. */
		return 0;
	}
	return -EINVAL;
}

static int decode_events(struct decoder *d, u32 events)
{
	u32 i;
	int err;

	for (d->events = 0; d->events < events; d->events++) {
		err = decode_event(d);
		if (err)
			return err;
	}
	if (d->at != d->end || d->allocs != d->trace->allocs)
		return refuse("its header's counts are not those of its events");
	d->trace->recorded = d->next - d->trace->steps;
	for (i = 0; i < d->allocs; i++)
		if (d->step_of[i] != FREED)
			add_free(d, i);
	return 0;
}

static int decode(struct trace *t, const struct trace_header *h)
{
	const struct trace_cache *caches = (const void *)(h + 1);
	struct decoder d = { .trace = t, .next = t->steps, .free = t->slots };
	int err = -ENOMEM;
	u32 i;

	d.at = (const u8 *)(caches + t->caches);
	d.end = (const u8 *)h + le32_to_cpu(h->bytes);
	d.free_slots = kvmalloc_array(t->slots, sizeof(*d.free_slots), GFP_KERNEL);
	d.step_of = kvmalloc_array(t->allocs, sizeof(*d.step_of), GFP_KERNEL);
	if (d.free_slots && d.step_of) {
		for (i = 0; i < t->slots; i++)
			d.free_slots[i] = t->slots - 1 - i;
		err = decode_caches(t, caches) ?: decode_events(&d, le32_to_cpu(h->events));
	}
	kvfree(d.free_slots);
	kvfree(d.step_of);
	return err;
}

/* ---- the trace ---- */

static void free_trace(struct kref *users)
{
	struct trace *t = container_of(users, struct trace, users);

	kvfree(t->steps);
	kfree(t);
}

struct trace *trace_get(void)
{
	struct trace *t;

	mutex_lock(&trace_lock);
	t = last_trace;
	if (t)
		kref_get(&t->users);
	mutex_unlock(&trace_lock);
	return t;
}

void trace_put(struct trace *t)
{
	if (t)
		kref_put(&t->users, free_trace);
}

static int load(const struct trace_header *h)
{
	struct trace *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int err = -ENOMEM;

	if (!t)
		return err;
	kref_init(&t->users);
	t->caches = le32_to_cpu(h->caches);
	t->allocs = le32_to_cpu(h->allocs);
	t->slots = le32_to_cpu(h->slots);
	t->steps = kvmalloc_array(t->allocs, 2 * sizeof(*t->steps), GFP_KERNEL);
	if (t->steps)
		err = decode(t, h);
	if (err) {
		trace_put(t);
		return err;
	}
	trace_put(last_trace);
	last_trace = t;
	return 0;
}

void bench_trace_drop(void)
{
	trace_put(last_trace);
	last_trace = NULL;
}

/* ---- the file ---- */

static int trace_open(struct inode *inode, struct file *file)
{
	struct upload *u = kzalloc(sizeof(*u), GFP_KERNEL);

	if (!u)
		return -ENOMEM;
	u->bytes = vmalloc(MAX_BYTES);
	if (!u->bytes) {
		kfree(u);
		return -ENOMEM;
	}
	file->private_data = u;
	return stream_open(inode, file);
}

/* Check the bytes written so far, and load the trace when it is complete. */
static int check_upload(struct upload *u)
{
	const struct trace_header *h = (const void *)u->bytes;
	int err;

	if (u->got < sizeof(*h))
		return 0;
	err = check_header(h);
	if (err)
		return err;
	if (u->got > le32_to_cpu(h->bytes))
		return refuse("it goes on behind its end");
	if (u->got < le32_to_cpu(h->bytes))
		return 0;
	u->over = true;
	return load(h);
}

static ssize_t append(struct upload *u, const char __user *from, size_t count)
{
	int err;

	if (u->over)
		return count ? refuse("it goes on behind its end") : 0;
	if (count > MAX_BYTES - u->got)
		return refuse("it is too long");
	if (copy_from_user(u->bytes + u->got, from, count))
		return -EFAULT;
	u->got += count;
	err = check_upload(u);
	if (err)
		u->over = true;
	return err ?: count;
}

static ssize_t trace_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	ssize_t ret;

	mutex_lock(&trace_lock);
	ret = append(file->private_data, from, count);
	mutex_unlock(&trace_lock);
	return ret;
}

static int trace_release(struct inode *inode, struct file *file)
{
	struct upload *u = file->private_data;

	if (u->got && !u->over)
		refuse("the file was closed before its end");
	vfree(u->bytes);
	kfree(u);
	return 0;
}

const struct file_operations bench_trace_fops = {
	.owner = THIS_MODULE,
	.open = trace_open,
	.write = trace_write,
	.release = trace_release,
};
