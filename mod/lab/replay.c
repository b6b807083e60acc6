// SPDX-License-Identifier: GPL-2.0
/*
 * replay.c - allocations recorded on a running kernel, as a workload.
 *
 * slabmod_bench decodes a trace in advance, and gives objects numbers that are used again. Here
 * each allocation is an object of its own, so the events can be used as they are, and a trace
 * needs no memory but for its bytes. All is allocated by size, also what the kernel allocated from
 * a cache, and objects that the trace never frees stay. Contexts: process. Locks: none.
 */
#include "replay.h"

#include "../bench/replay.h"

struct event {
	unsigned int type;	/* enum trace_event */
	u32 value;
};

struct reader {
	const u8 *at, *end;
};

static const u8 *trace;
static struct lab_workload workload;

static u32 number(const void *p)
{
	const u8 *bytes = p;

	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (u32)bytes[3] << 24;
}

static const struct trace_header *header(void)
{
	return (const void *)trace;
}

static const struct trace_cache *cache(u32 n)
{
	return (const struct trace_cache *)(header() + 1) + n;
}

static struct reader events(void)
{
	return (struct reader){
		(const u8 *)cache(number(&header()->caches)), trace + number(&header()->bytes)
	};
}

/* Return false at the end, and if the last number is cut off or too large. */
static bool next_event(struct reader *reader, struct event *event)
{
	unsigned int shift;
	u64 value = 0;
	u8 byte;

	for (shift = 0; shift < 35 && reader->at < reader->end; shift += 7) {
		byte = *reader->at++;
		value |= (u64)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		event->type = value & 3;
		event->value = value >> 2;
		return true;
	}
	/* So that this is not taken for the end. */
	if (shift)
		reader->end = reader->at - 1;
	return false;
}

/* ---- checks ---- */

static const char *wrong_header(size_t size)
{
	u32 caches, allocs;

	if (size < sizeof(struct trace_header) || memcmp(header()->magic, TRACE_MAGIC, 8))
		return "it does not begin as one; scripts/record-trace makes them";
	if (number(&header()->version) != TRACE_VERSION)
		return "it is of another version";
	caches = number(&header()->caches);
	allocs = number(&header()->allocs);
	if (number(&header()->bytes) != size)
		return "its length is not that of its header";
	if (caches > TRACE_MAX_CACHES ||
	    size < sizeof(struct trace_header) + caches * sizeof(struct trace_cache))
		return "it has too many caches";
	if (!allocs || allocs > TRACE_MAX_EVENTS)
		return "it has no allocations, or too many";
	return NULL;
}

static const char *wrong_event(const struct event *event, u32 allocs)
{
	if (event->type == TRACE_FREE && (!event->value || event->value > allocs))
		return "it frees what was never allocated";
	if (event->type == TRACE_CACHE && event->value >= number(&header()->caches))
		return "there is no such cache";
	return NULL;
}

static const char *wrong_events(void)
{
	struct reader reader = events();
	const char *wrong = NULL;
	struct event event;
	u32 all = 0, allocs = 0;

	while (!wrong && next_event(&reader, &event)) {
		wrong = wrong_event(&event, allocs);
		all++;
		allocs += event.type == TRACE_KMALLOC || event.type == TRACE_CACHE;
	}
	if (wrong)
		return wrong;
	if (reader.at != reader.end)
		return "its last event is cut off, or too large";
	if (all != number(&header()->events) || allocs != number(&header()->allocs))
		return "its header's counts are not those of its events";
	return NULL;
}

/* ---- the workload ---- */

static void run_trace(struct lab_driver *driver)
{
	struct reader reader = events();
	struct event event;
	u32 allocs = 0;

	while (next_event(&reader, &event)) {
		switch (event.type) {
		case TRACE_FREE:
			lab_do_free(driver, allocs - event.value);
			break;
		case TRACE_KMALLOC:
			lab_do_alloc(driver, allocs++, event.value);
			break;
		case TRACE_CACHE:
			lab_do_alloc(driver, allocs++, number(&cache(event.value)->size));
			break;
		}
	}
}

const char *lab_trace_use(const void *bytes, size_t size)
{
	const char *wrong;

	trace = bytes;
	if (!trace)
		return "there is none";
	wrong = wrong_header(size);
	if (!wrong)
		wrong = wrong_events();
	if (wrong) {
		trace = NULL;
		return wrong;
	}
	workload = (struct lab_workload){
		.name = "trace",
		.text = "allocations and frees recorded on a running kernel",
		.nr_objects = number(&header()->allocs),
		.run = run_trace,
	};
	return NULL;
}

const struct lab_workload *lab_trace(void)
{
	return trace ? &workload : NULL;
}
