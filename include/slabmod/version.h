/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The version of slabmod. dkms.conf and CHANGELOG.md repeat it, and scripts/style compares them.
 */
#ifndef _SLABMOD_VERSION_H
#define _SLABMOD_VERSION_H

#define SLABMOD_VERSION "0.2.0"

#endif /* _SLABMOD_VERSION_H */
