// SPDX-License-Identifier: GPL-2.0
/*
 * buckets.c - a page has slots of one size, and begins with a bitmap of those that are free.
 *
 * A slot has no header: a free masks its address to find the page. An allocation takes the lowest
 * free slot of the first page in the list of its size. Both take constant time: with pages of 4 KiB
 * a bitmap has at most 16 words. Slots do not merge, but a page goes back when it has none in use.
 *
 * Memory: header and bitmap take the place of slots. A page of 4 KiB has 985 of 4 bytes, not 1024,
 * and one of 2048 or 3072. Larger requests, such as 4096, do not fit and get pages of their own.
 * Alignment: that of the size, as the last slot ends where the page does. 4 or 8 for 4, 8, 12, 24.
 */
#include "../lab.h"

/* As in a lecture, but 3072 is not 3192, and 4096 is missing: it does not fit behind a header. */
static const u16 bucket_sizes[] = {
	4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
};

#define NR_BUCKETS	ARRAY_SIZE(bucket_sizes)

struct bucket_page {
	struct bucket_page *next, **link;	/* in a list, and what points to it there */
	u16 bucket, size;			/* an index of bucket_sizes[], and what it has */
	u16 nr_slots, nr_free;
	unsigned long bitmap[];			/* a bit for each slot, set if it is free */
};

struct buckets {
	/* First the pages with a free slot, by bucket, and then those without, for walks only. */
	struct bucket_page *lists[2 * NR_BUCKETS];
};

static void push(struct bucket_page **list, struct bucket_page *page)
{
	page->next = *list;
	page->link = list;
	if (page->next)
		page->next->link = &page->next;
	*list = page;
}

static void detach(struct bucket_page *page)
{
	*page->link = page->next;
	if (page->next)
		page->next->link = page->link;
}

static size_t header_size(size_t nr_slots)
{
	return sizeof(struct bucket_page) + DIV_ROUND_UP(nr_slots, BITS_PER_LONG) * sizeof(long);
}

static char *slot_at(struct bucket_page *page, size_t i)
{
	return (char *)page + PAGE_SIZE - (page->nr_slots - i) * page->size;
}

static bool add_page(struct lab *lab, struct bucket_page **list, unsigned int bucket)
{
	struct bucket_page *page = lab_pages_take(lab, PAGE_SIZE, PAGE_SIZE);
	size_t size = bucket_sizes[bucket], nr;

	if (!page)
		return false;
	/* A slot takes its bytes and a bit. A word is set aside, because bits come in words. */
	nr = (PAGE_SIZE - header_size(1)) * 8 / (size * 8 + 1);
	*page = (struct bucket_page){ NULL, NULL, bucket, size, nr, nr };
	/* Bits beyond the last slot are never found: a page in the list has a lower one. */
	memset(page->bitmap, 0xff, header_size(nr) - sizeof(*page));
	push(list, page);
	return true;
}

static void *buckets_alloc(struct lab *lab, size_t size)
{
	struct buckets *buckets = lab->state;
	unsigned int bucket = 0, word = 0, bit;
	struct bucket_page *page;

	if (size > bucket_sizes[NR_BUCKETS - 1])
		return lab_large_alloc(lab, size, PAGE_SIZE);
	while (bucket_sizes[bucket] < size)
		bucket++;
	if (!buckets->lists[bucket] && !add_page(lab, &buckets->lists[bucket], bucket))
		return NULL;
	page = buckets->lists[bucket];
	while (!page->bitmap[word])
		word++;
	bit = __ffs(page->bitmap[word]);
	page->bitmap[word] &= ~BIT(bit);
	if (!--page->nr_free) {
		detach(page);
		push(&buckets->lists[NR_BUCKETS + bucket], page);
	}
	return slot_at(page, word * BITS_PER_LONG + bit);
}

static void buckets_free(struct lab *lab, void *p)
{
	struct bucket_page *page = (void *)((size_t)p & ~(PAGE_SIZE - 1));
	struct buckets *buckets = lab->state;
	size_t i;

	if (lab_is_large(lab, p)) {
		lab_large_free(lab, p);
		return;
	}
	i = ((char *)p - slot_at(page, 0)) / page->size;
	page->bitmap[i / BITS_PER_LONG] |= BIT(i % BITS_PER_LONG);
	detach(page);
	if (++page->nr_free == page->nr_slots)
		lab_pages_give(lab, page, PAGE_SIZE);
	else
		push(&buckets->lists[page->bucket], page);
}

static size_t buckets_size(struct lab *lab, void *p)
{
	struct bucket_page *page = (void *)((size_t)p & ~(PAGE_SIZE - 1));

	return lab_is_large(lab, p) ? lab_large_size(lab, p) : page->size;
}

static void buckets_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct buckets *buckets = lab->state;
	struct bucket_page *page;
	size_t list, i;

	for (list = 0; list < 2 * NR_BUCKETS; list++)
		for (page = buckets->lists[list]; page; page = page->next) {
			visit(arg, LAB_META, page, header_size(page->nr_slots));
			for (i = 0; i < page->nr_slots; i++)
				if (page->bitmap[i / BITS_PER_LONG] & BIT(i % BITS_PER_LONG))
					visit(arg, LAB_FREE, slot_at(page, i), page->size);
		}
}

const struct lab_strategy lab_buckets = {
	.name = "buckets",
	.text = "pages of slots of one size, with a bitmap of the free ones; empty pages go back",
	.lacks = LAB_NO_MERGE | LAB_NO_THREADS | LAB_UNALIGNED,
	.state_size = sizeof(struct buckets),
	.alloc = buckets_alloc,
	.free = buckets_free,
	.size = buckets_size,
	.walk = buckets_walk,
};
