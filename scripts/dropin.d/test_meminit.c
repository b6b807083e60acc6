// SPDX-License-Identifier: GPL-2.0
/* lib/test_meminit.c, which has no exit function and so could not be unloaded */
#include "lib-test_meminit.c"

static void end(void)
{
}
module_exit(end);
