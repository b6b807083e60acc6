#include "suites.h"
struct kunit_suite vmalloc_suite = { .name = "vmalloc" };
