/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLABMOD_PARAMS_H
#define SLABMOD_PARAMS_H

#include <linux/types.h>

/* Return true, with a message for each, if the module is loaded with unknown parameters. */
bool params_unknown(void);

#endif /* SLABMOD_PARAMS_H */
