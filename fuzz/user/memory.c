// SPDX-License-Identifier: GPL-2.0
/*
 * memory.c - a direct map with pages, and the kernel's own allocators, for slabmod in user space.
 *
 * The direct map is at a fixed address. Free memory in it is poisoned: AddressSanitizer ends the
 * run when slabmod or the interpreter accesses a page that slabmod does not hold. kzalloc() is
 * malloc(), which AddressSanitizer guards itself; per-CPU memory is guarded between the CPUs.
 *
 * The search for a page starts after the last one found, so a freed page stays poisoned for long.
 * Requests are refused by plan: shim_plan.
 */
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include "kernel.h"

struct page shim_pages[SHIM_PAGES];
struct shim_plan shim_plan;
unsigned long shim_refused, shim_live, shim_pages_out, shim_leak_checked;
bool init_on_alloc, init_on_free;

/* The start of each object known to kmemleak, one bit per 8 bytes. */
static unsigned long leak_checked[(SHIM_PAGES << PAGE_SHIFT) / 8 / BITS_PER_LONG];
u8 shim_allocated[SHIM_PAGES];
static unsigned long hint[SHIM_NODES];

static void map_once(void)
{
	static bool mapped;
	void *p;

	if (mapped)
		return;
	p = mmap((void *)PAGE_OFFSET, SHIM_PAGES << PAGE_SHIFT, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	shim_expect(p == (void *)PAGE_OFFSET);
	__asan_poison_memory_region(p, SHIM_PAGES << PAGE_SHIFT);
	mapped = true;
}

void shim_memory_reset(unsigned int first_page)
{
	unsigned int nid;

	map_once();
	for (nid = 0; nid < SHIM_NODES; nid++)
		hint[nid] = first_page % SHIM_NODE_PAGES;
	shim_plan = (struct shim_plan) { .max_order = MAX_ORDER - 1 };
	shim_refused = 0;
}

static bool refused_by_plan(gfp_t gfp)
{
	struct shim_plan *plan = &shim_plan;

	if (gfp & __GFP_NOFAIL)
		return false;
	if (!plan->refuse)
		return false;
	if (plan->after) {
		plan->after--;
		return false;
	}
	if (!--plan->refuse) {
		plan->after = plan->repeat;
		plan->refuse = !!plan->repeat;
	}
	return true;
}

static void *refuse(void)
{
	shim_refused++;
	return NULL;
}

/* ---- pages ---- */

struct page *virt_to_page(const void *p)
{
	shim_expect(virt_addr_valid(kasan_reset_tag(p)));
	return &shim_pages[__pa(p) >> PAGE_SHIFT];
}

static bool is_free(unsigned long page, unsigned long n)
{
	return !memchr(&shim_allocated[page], 1, n);
}

static struct page *find_pages(int nid, unsigned int order)
{
	unsigned long n = 1ul << order, base = nid * SHIM_NODE_PAGES, tries, page;

	if (!node_state(nid, N_MEMORY))
		return NULL;
	page = ALIGN(hint[nid], n) % SHIM_NODE_PAGES;
	for (tries = 0; tries < SHIM_NODE_PAGES; tries += n) {
		if (is_free(base + page, n)) {
			hint[nid] = (page + n) % SHIM_NODE_PAGES;
			memset(&shim_allocated[base + page], 1, n);
			return &shim_pages[base + page];
		}
		page = (page + n) % SHIM_NODE_PAGES;
	}
	return NULL;
}

static struct page *alloc_page_run(int nid, gfp_t gfp, unsigned int order)
{
	struct page *page = find_pages(nid, order);
	unsigned int other;

	if (gfp & __GFP_THISNODE)
		return page;
	for (other = 0; other < shim_nr_nodes && !page; other++)
		page = find_pages(other, order);
	return page;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	struct page *page;

	might_alloc(gfp);
	shim_expect(!shim_nmi && order < MAX_ORDER);
	shim_expect(!(gfp & __GFP_NOFAIL) || order <= 1);
	if (nid == NUMA_NO_NODE)
		nid = numa_mem_id();
	shim_expect(node_online(nid));
	if (refused_by_plan(gfp) || (order > shim_plan.max_order && !(gfp & __GFP_NOFAIL)))
		return refuse();
	page = alloc_page_run(nid, gfp, order);
	if (!page)
		return refuse();
	__asan_unpoison_memory_region(page_address(page), PAGE_SIZE << order);
	/* The contents of an uncleared page are the same in each run. */
#ifdef SHIM_RACES
	memset(page_address(page), 0xcc, PAGE_SIZE << order);
#endif
	if (gfp & __GFP_ZERO)
		memset(page_address(page), 0, PAGE_SIZE << order);
	page->order = order + 1;
	set_page_count(page, 1);
	shim_pages_out += 1ul << order;
	return page;
}

void __free_pages(struct page *page, unsigned int order)
{
	shim_expect(!shim_nmi && page->order == order + 1 && page_ref_count(page) == 1);
	/* kmemleak disables itself when the memory of a known object is reused. */
	shim_expect(!memchr_inv(&leak_checked[__pa(page_address(page)) / 8 / BITS_PER_LONG], 0,
				(PAGE_SIZE << order) / 8 / 8));
	page->order = 0;
	memset(&shim_allocated[page - shim_pages], 0, 1ul << order);
	__asan_poison_memory_region(page_address(page), PAGE_SIZE << order);
	shim_pages_out -= 1ul << order;
}

/* A power of two of pages; slabmod requests no others. */
void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	struct page *page;

	shim_expect(size == PAGE_SIZE << get_order(size));
	page = alloc_pages_node(NUMA_NO_NODE, gfp, get_order(size));
	return page ? page_address(page) : NULL;
}

void free_pages_exact(void *p, size_t size)
{
	__free_pages(virt_to_page(p), get_order(size));
}

unsigned long __get_free_page(gfp_t gfp)
{
	return (unsigned long)alloc_pages_exact(PAGE_SIZE, gfp);
}

void free_page(unsigned long addr)
{
	free_pages_exact((void *)addr, PAGE_SIZE);
}

/* ---- memory by size ---- */

struct header {
	size_t size;
	size_t unused;
};

void *kzalloc(size_t size, gfp_t gfp)
{
	struct header *header;

	might_alloc(gfp);
	shim_expect(!shim_nmi);
	if (refused_by_plan(gfp))
		return refuse();
	header = shim_heap_alloc(SMP_CACHE_BYTES + size);
	/* Structures are aligned to a line; guard the memory before them. */
	header->size = size;
	shim_live++;
	__asan_poison_memory_region(header + 1, SMP_CACHE_BYTES - sizeof(*header));
	return memset((char *)header + SMP_CACHE_BYTES, 0, size);
}

static struct header *header_of(const void *p)
{
	return (struct header *)((char *)p - SMP_CACHE_BYTES);
}

void kfree(const void *p)
{
	shim_expect(!shim_nmi);
	if (!p)
		return;
	shim_live--;
	shim_heap_free(header_of(p));
}

size_t ksize(const void *p)
{
	return header_of(p)->size;
}

/* ---- kmemleak ---- */

void kmemleak_alloc(const void *p, size_t size, int references, gfp_t gfp)
{
	shim_expect(!shim_nmi && virt_addr_valid(p) && !(__pa(p) % 8) && size);
	shim_expect(!test_bit(__pa(p) / 8, leak_checked));
	__set_bit(__pa(p) / 8, leak_checked);
	shim_leak_checked++;
}

/* Unknown objects are ignored, as in the kernel. */
void kmemleak_free(const void *p)
{
	shim_expect(!shim_nmi && virt_addr_valid(p));
	if (!test_bit(__pa(p) / 8, leak_checked))
		return;
	__clear_bit(__pa(p) / 8, leak_checked);
	shim_leak_checked--;
}

/* ---- memory by CPU ---- */

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	size_t all = (shim_nr_cpus - 1) * SHIM_PERCPU + size;
	unsigned int cpu;
	void *p;

	might_alloc(gfp);
	shim_expect(size <= SHIM_PERCPU - SMP_CACHE_BYTES && align <= SMP_CACHE_BYTES);
	if (refused_by_plan(gfp))
		return refuse();
	p = shim_heap_alloc(all);
	shim_live++;
	for (cpu = 0; cpu < shim_nr_cpus; cpu++) {
		memset(per_cpu_ptr((char *)p, cpu), 0, size);
		if (cpu < shim_nr_cpus - 1)
			__asan_poison_memory_region(per_cpu_ptr((char *)p, cpu) + size,
						    SHIM_PERCPU - size);
	}
	return p;
}

void free_percpu(void *p)
{
	if (!p)
		return;
	shim_live--;
	shim_heap_free(p);
}

/* ---- an ordered map ---- */

static unsigned int xa_position(struct xarray *xa, unsigned long index)
{
	unsigned int low = 0, high = xa->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (xa->slot[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *__xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	unsigned int i = xa_position(xa, index);

	/* slabmod does not overwrite entries. */
	shim_expect(i == xa->nr || xa->slot[i].index != index);
	shim_expect(xa->nr < ARRAY_SIZE(xa->slot));
	if (refused_by_plan(gfp)) {
		refuse();
		return ERR_PTR(-ENOMEM);
	}
	memmove(&xa->slot[i + 1], &xa->slot[i], (xa->nr++ - i) * sizeof(xa->slot[0]));
	xa->slot[i].index = index;
	xa->slot[i].entry = entry;
	return NULL;
}

void *xa_store_irq(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	might_sleep();
	return __xa_store(xa, index, entry, gfp);
}

void *__xa_erase(struct xarray *xa, unsigned long index)
{
	unsigned int i = xa_position(xa, index);

	shim_expect(i < xa->nr && xa->slot[i].index == index);
	memmove(&xa->slot[i], &xa->slot[i + 1], (--xa->nr - i) * sizeof(xa->slot[0]));
	return NULL;
}

void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max, unsigned int filter)
{
	unsigned int i = xa_position(xa, *index);

	if (i == xa->nr || xa->slot[i].index > max)
		return NULL;
	*index = xa->slot[i].index;
	return xa->slot[i].entry;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	return xa_find(xa, &index, index, XA_PRESENT);
}
