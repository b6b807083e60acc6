#include "suites.h"
struct kunit_suite vmalloc_free_suite = { .name = "vmalloc_free" };
