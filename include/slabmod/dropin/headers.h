/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's headers that must be read while the names of allocating functions are still the
 * kernel's: those that mention struct kmem_cache, so that a cache of the core keeps its type, and
 * those with inline functions that allocate what the core frees. scripts/dropin-functions checks
 * that the list has all that mention the structure. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_HEADERS_H
#define _SLABMOD_DROPIN_HEADERS_H

/* Variables of the core that modules cannot use, with names that a module may have. */
#define shadow_nodes slabmod_dropin_shadow_nodes

/* ---- functions that are replaced ---- */

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/* ---- struct kmem_cache ---- */

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/delayacct.h>
#include <linux/fault-inject.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/iocontext.h>
#include <linux/lru_cache.h>
#include <linux/memcontrol.h>
#include <linux/perf_event.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/skbuff.h>
#include <linux/taskstats_kern.h>
#if IS_ENABLED(CONFIG_ACPI)
#include <linux/acpi.h>
#endif
#if IS_ENABLED(CONFIG_JBD2)
#include <linux/jbd2.h>
#endif
#ifdef CONFIG_INET
#include <net/dst_ops.h>
#include <net/inet_frag.h>
#include <net/inet_hashtables.h>
#include <net/request_sock.h>
#include <net/sock.h>
#include <net/timewait_sock.h>
#ifndef __CHECKER__ /* sparse does not know the following */
#if __has_include("net/hotdata.h")
#include <net/hotdata.h>
#endif
#endif
#endif

/* ---- inline functions that allocate ---- */

#include <crypto/aead.h>
#include <crypto/akcipher.h>
#include <crypto/hash.h>
#include <crypto/kpp.h>
#include <crypto/skcipher.h>
#include <linux/dma-fence-chain.h>
#include <linux/fb.h>
#include <linux/generic-radix-tree.h>
#include <linux/io-mapping.h>
#include <linux/ptr_ring.h>
#include <linux/skmsg.h>
#include <linux/sockptr.h>
#include <linux/spi/spi.h>
#include <linux/textsearch.h>
#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>
#endif
#ifdef CONFIG_INET
#include <net/act_api.h>
#include <net/netlabel.h>
#include <net/netlink.h>
#include <net/pkt_cls.h>
#include <net/tcp.h>
#include <net/udp.h>
#include <net/xfrm.h>
#include <net/tc_act/tc_gate.h>
#include <net/tc_act/tc_tunnel_key.h>
#ifndef __CHECKER__ /* sparse does not know the following */
#if __has_include("net/tcx.h")
#include <net/tcx.h>
#endif
#endif
#endif

#undef shadow_nodes

#endif /* _SLABMOD_DROPIN_HEADERS_H */
