// SPDX-License-Identifier: GPL-2.0
/*
 * world.c - save the memory at the beginning of a schedule, and restore it.
 *
 * It is in three places: the variables of slabmod and of the simulated kernel, in sections of
 * their own; the direct map; and a heap that never reuses memory, so that a use after free is
 * always found. Restoring copies the saved contents. The shadow of AddressSanitizer changes only
 * for whole pages in the direct map; the heap's is saved like the rest.
 */
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include "races.h"

#define HEAP_BASE	(PAGE_OFFSET + (64ul << 20))
#define HEAP_SIZE	(8ul << 20)
#define SHADOW(p)	((u8 *)(((unsigned long)(p) >> 3) + 0x7fff8000ul))

extern u8 __start_world_data[], __stop_world_data[], __start_world_bss[], __stop_world_bss[];
extern u8 __start_shim_data[], __stop_shim_data[], __start_shim_bss[], __stop_shim_bss[];

static unsigned long heap_used;

LASTING

static const struct {
	u8 *from, *to;
} sections[] = {
	{ __start_world_data, __stop_world_data }, { __start_world_bss, __stop_world_bss },
	{ __start_shim_data, __stop_shim_data }, { __start_shim_bss, __stop_shim_bss },
};

static struct {
	u8 *sections[ARRAY_SIZE(sections)], *heap, *shadow, *pages;
	unsigned long heap_used;
	u8 allocated[SHIM_PAGES];
} saved;

void world_init(void)
{
	void *p = mmap((void *)HEAP_BASE, HEAP_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	shim_expect(p == (void *)HEAP_BASE);
	__asan_poison_memory_region(p, HEAP_SIZE);
}

/* Each allocation is preceded by a guarded line that has its size. */
void *shim_heap_alloc(size_t size)
{
	size_t *guard = (void *)(HEAP_BASE + heap_used);
	void *p = (void *)guard + SMP_CACHE_BYTES;

	if (heap_used + size + 3 * SMP_CACHE_BYTES > HEAP_SIZE)
		shim_die("no memory");
	heap_used += ALIGN(size, SMP_CACHE_BYTES) + SMP_CACHE_BYTES;
	*guard = size;
	__asan_unpoison_memory_region(p, size);
	memset(p, 0xcc, size);
	return p;
}

void shim_heap_free(void *p)
{
	__asan_poison_memory_region(p, *(size_t *)(p - SMP_CACHE_BYTES));
}

static void copy(void *to, const void *from, size_t size)
{
	const u64 *f = from;
	volatile u64 *t = to;
	size_t i;

	for (i = 0; i < size / 8; i++)
		t[i] = f[i];
	for (i = ALIGN_DOWN(size, 8); i < size; i++)
		((volatile u8 *)to)[i] = ((const u8 *)from)[i];
}

static void fill(u8 *to, u8 byte, size_t size)
{
	volatile u64 *t = (u64 *)to;
	size_t i;

	for (i = 0; i < size / 8; i++)
		t[i] = byte * 0x0101010101010101ul;
}

static u8 *copy_of(const u8 *from, const u8 *to)
{
	u8 *p = mmap(NULL, to - from + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);

	shim_expect(p != MAP_FAILED);
	copy(p, from, to - from);
	return p;
}

void world_save(void)
{
	unsigned long page, n = 0;
	unsigned int i;

	saved.heap_used = heap_used;
	saved.shadow = copy_of(SHADOW(HEAP_BASE), SHADOW(HEAP_BASE + heap_used));
	saved.heap = copy_of((u8 *)HEAP_BASE, (u8 *)HEAP_BASE + heap_used);
	copy(saved.allocated, shim_allocated, SHIM_PAGES);
	saved.pages = mmap(NULL, shim_pages_out * PAGE_SIZE + 1, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (page = 0; page < SHIM_PAGES; page++)
		if (shim_allocated[page])
			copy(saved.pages + n++ * PAGE_SIZE, page_address(&shim_pages[page]),
			     PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(sections); i++)
		saved.sections[i] = copy_of(sections[i].from, sections[i].to);
}

static void restore_pages(void)
{
	unsigned long page, n = 0;

	for (page = 0; page < SHIM_PAGES; page++) {
		void *p = (void *)(PAGE_OFFSET + page * PAGE_SIZE);

		if (saved.allocated[page] && !shim_allocated[page])
			fill(SHADOW(p), 0, PAGE_SIZE / 8);
		else if (!saved.allocated[page] && shim_allocated[page])
			fill(SHADOW(p), 0xf7, PAGE_SIZE / 8);
		if (saved.allocated[page])
			copy(p, saved.pages + n++ * PAGE_SIZE, PAGE_SIZE);
	}
}

void world_restore(void)
{
	unsigned int i;

	restore_pages();
	copy((void *)HEAP_BASE, saved.heap, saved.heap_used);
	copy(SHADOW(HEAP_BASE), saved.shadow, saved.heap_used / 8);
	if (heap_used > saved.heap_used)
		fill(SHADOW(HEAP_BASE + saved.heap_used), 0xf7,
		     (heap_used - saved.heap_used) / 8);
	for (i = 0; i < ARRAY_SIZE(sections); i++)
		copy(sections[i].from, saved.sections[i], sections[i].to - sections[i].from);
}

unsigned long world_granule(const void *p)
{
	unsigned long a = (unsigned long)p;

	if (a - PAGE_OFFSET < SHIM_PAGES << PAGE_SHIFT)
		return (a - PAGE_OFFSET) / 8;
	if (a - HEAP_BASE < HEAP_SIZE)
		return ((SHIM_PAGES << PAGE_SHIFT) + a - HEAP_BASE) / 8;
	if (a - (unsigned long)__start_world_bss <
	    (unsigned long)(__stop_world_bss - __start_world_bss))
		return ((SHIM_PAGES << PAGE_SHIFT) + HEAP_SIZE + a -
			(unsigned long)__start_world_bss) / 8;
	if (a - (unsigned long)__start_world_data <
	    (unsigned long)(__stop_world_data - __start_world_data))
		return ((SHIM_PAGES << PAGE_SHIFT) + HEAP_SIZE + (1ul << 20) + a -
			(unsigned long)__start_world_data) / 8;
	return ~0ul;
}
