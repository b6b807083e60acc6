/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DROPIN_H
#define DROPIN_H

int dropin_more(void);

#endif /* DROPIN_H */
