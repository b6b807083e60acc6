// SPDX-License-Identifier: GPL-2.0
/*
 * external_array.c - records of free memory in an array that grows: plan A.
 *
 * The records are in the order of addresses. A first fit looks at one after another. A free finds
 * the neighbours of its block by a binary search, and moves all records behind a new one. An array
 * that is full is replaced by one of twice its size, which is asked of alloc(): see external.h for
 * why this needs a loan to begin with.
 *
 * An array of a page or more comes from the bypass for large requests, and takes no record. That
 * is the way out of the circle: pages for records right from mmap(), and not from malloc().
 */
#include "../external.h"

struct external_array {
	struct external external;
	struct external_record *records;
	size_t nr;
	size_t capacity;
};

static struct external_record *first_fit(struct lab *lab, size_t need)
{
	struct external_array *array = lab->state;

	return external_first(array->records, array->nr, need);
}

/* Return the number of records below an address. */
static size_t nr_below(const struct external_array *array, const char *start)
{
	size_t low = 0, high = array->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (array->records[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void neighbours(struct lab *lab, char *start, struct external_record *near[2])
{
	struct external_array *array = lab->state;
	size_t i = nr_below(array, start);

	if (i > 0)
		near[0] = &array->records[i - 1];
	if (i < array->nr)
		near[1] = &array->records[i];
}

static bool room(struct lab *lab)
{
	struct external_array *array = lab->state;
	struct external_record *old = array->records, *records;
	size_t capacity = max(2 * array->capacity, (size_t)4);

	if (array->nr < array->capacity)
		return true;
	records = external_ask(lab, capacity * sizeof(*records));
	if (!records)
		return false;
	/* That may have used up the memory of a record. */
	if (array->nr)
		memcpy(records, old, array->nr * sizeof(*records));
	array->records = records;
	array->capacity = capacity;
	if (external_on_loan(&array->external, old)) {
		lab_pages_give(lab, old, array->external.loan_size);
		array->external.loan_size = 0;
	} else {
		external_free(lab, old);
	}
	return true;
}

static void add(struct lab *lab, char *start, size_t size)
{
	struct external_array *array = lab->state;
	size_t i = nr_below(array, start);
	struct external_record *record = &array->records[i];

	memmove(record + 1, record, (array->nr - i) * sizeof(*record));
	*record = (struct external_record){ start, size };
	array->nr++;
}

static void remove_record(struct lab *lab, struct external_record *record)
{
	struct external_array *array = lab->state;
	size_t behind = array->records + array->nr - (record + 1);

	memmove(record, record + 1, behind * sizeof(*record));
	array->nr--;
}

static const struct external_plan plan = {
	.first_fit = first_fit,
	.neighbours = neighbours,
	.room = room,
	.add = add,
	.remove = remove_record,
};

static int external_array_init(struct lab *lab)
{
	struct external_array *array = lab->state;
	int err = external_init(lab, &plan);

	array->records = (struct external_record *)array->external.loan;
	array->capacity = array->external.loan_size / sizeof(*array->records);
	return err;
}

static void external_array_walk(struct lab *lab, lab_visit_t visit, void *arg)
{
	struct external_array *array = lab->state;

	if (array->capacity)
		visit(arg, LAB_META, array->records, array->capacity * sizeof(*array->records));
	external_visit(array->records, array->nr, visit, arg);
}

const struct lab_strategy lab_external_array = {
	.name = "external_array",
	.text = "records of free memory in an array, which needs a malloc() itself",
	.lacks = LAB_NO_THREADS | LAB_NO_RETURN,
	.state_size = sizeof(struct external_array),
	.init = external_array_init,
	.alloc = external_alloc,
	.free = external_free,
	.size = list_size,
	.walk = external_array_walk,
};
