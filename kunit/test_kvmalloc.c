#include "suites.h"
struct kunit_suite kvmalloc_suite = { .name = "kvmalloc" };
