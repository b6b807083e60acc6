// SPDX-License-Identifier: GPL-2.0
/* An exit function, for a module that has none and so could not be unloaded */
#include <linux/module.h>

static void __exit end(void)
{
}
module_exit(end);
