/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the kernel's allocating functions. A file for which slabmod.mk defines
 * SLABMOD_KEEP_name keeps that function of the kernel. Read <slabmod/dropin.h> first.
 *
 * Documentation/dropin-functions.csv has the same names, and scripts/dropin-functions compares.
 */
#ifndef _SLABMOD_DROPIN_MAP_H
#define _SLABMOD_DROPIN_MAP_H

/* ---- by size ---- */

#ifndef SLABMOD_KEEP_kmalloc
#undef kmalloc
#define kmalloc slabmod_dropin_kmalloc
#undef kmalloc_noprof
#define kmalloc_noprof slabmod_dropin_kmalloc
#undef __kmalloc
#define __kmalloc slabmod_dropin_kmalloc
#undef kmalloc_large
#define kmalloc_large slabmod_dropin_kmalloc
#undef kmalloc_track_caller
#define kmalloc_track_caller slabmod_dropin_kmalloc
#undef __kmalloc_large
#define __kmalloc_large slabmod_dropin_kmalloc
#endif
#ifndef SLABMOD_KEEP_kzalloc
#undef kzalloc
#define kzalloc slabmod_dropin_kzalloc
#undef kzalloc_noprof
#define kzalloc_noprof slabmod_dropin_kzalloc
#endif
#ifndef SLABMOD_KEEP_kmalloc_node
#undef kmalloc_node
#define kmalloc_node slabmod_dropin_kmalloc_node
#undef kmalloc_node_noprof
#define kmalloc_node_noprof slabmod_dropin_kmalloc_node
#undef __kmalloc_node
#define __kmalloc_node slabmod_dropin_kmalloc_node
#undef kmalloc_large_node
#define kmalloc_large_node slabmod_dropin_kmalloc_node
#undef __kmalloc_large_node
#define __kmalloc_large_node slabmod_dropin_kmalloc_node
#undef kmalloc_node_track_caller
#define kmalloc_node_track_caller slabmod_dropin_kmalloc_node
#endif
#ifndef SLABMOD_KEEP_kzalloc_node
#undef kzalloc_node
#define kzalloc_node slabmod_dropin_kzalloc_node
#endif
#ifndef SLABMOD_KEEP_kmalloc_array
#undef kmalloc_array
#define kmalloc_array slabmod_dropin_kmalloc_array
#undef kmalloc_array_noprof
#define kmalloc_array_noprof slabmod_dropin_kmalloc_array
#endif
#ifndef SLABMOD_KEEP_kcalloc
#undef kcalloc
#define kcalloc slabmod_dropin_kcalloc
#undef kcalloc_noprof
#define kcalloc_noprof slabmod_dropin_kcalloc
#endif
#ifndef SLABMOD_KEEP_kmalloc_array_node
#undef kmalloc_array_node
#define kmalloc_array_node slabmod_dropin_kmalloc_array_node
#undef kmalloc_array_node_noprof
#define kmalloc_array_node_noprof slabmod_dropin_kmalloc_array_node
#endif
#ifndef SLABMOD_KEEP_kcalloc_node
#undef kcalloc_node
#define kcalloc_node slabmod_dropin_kcalloc_node
#endif
#ifndef SLABMOD_KEEP_krealloc
#undef krealloc
#define krealloc slabmod_dropin_krealloc
#undef krealloc_noprof
#define krealloc_noprof slabmod_dropin_krealloc
#endif
#ifndef SLABMOD_KEEP_krealloc_array
#undef krealloc_array
#define krealloc_array slabmod_dropin_krealloc_array
#undef krealloc_array_noprof
#define krealloc_array_noprof slabmod_dropin_krealloc_array
#endif
#ifdef krealloc_node_align
#ifndef SLABMOD_KEEP_krealloc_node_align
#undef krealloc_node_align
#define krealloc_node_align slabmod_dropin_krealloc_node_align
#undef krealloc_node_align_noprof
#define krealloc_node_align_noprof slabmod_dropin_krealloc_node_align
#endif
#ifndef SLABMOD_KEEP_krealloc_node
#undef krealloc_node
#define krealloc_node slabmod_dropin_krealloc_node
#endif
#endif

/* ---- copies ---- */

#ifndef SLABMOD_KEEP_kmemdup
#undef kmemdup
#define kmemdup slabmod_dropin_kmemdup
#undef kmemdup_noprof
#define kmemdup_noprof slabmod_dropin_kmemdup
#endif
#ifndef SLABMOD_KEEP_kmemdup_nul
#undef kmemdup_nul
#define kmemdup_nul slabmod_dropin_kmemdup_nul
#endif
#ifndef SLABMOD_KEEP_kmemdup_array
#undef kmemdup_array
#define kmemdup_array slabmod_dropin_kmemdup_array
#endif
#ifndef SLABMOD_KEEP_kstrdup
#undef kstrdup
#define kstrdup slabmod_dropin_kstrdup
#endif
#ifndef SLABMOD_KEEP_kstrdup_const
#undef kstrdup_const
#define kstrdup_const slabmod_dropin_kstrdup_const
#endif
#ifndef SLABMOD_KEEP_kstrndup
#undef kstrndup
#define kstrndup slabmod_dropin_kstrndup
#endif
#ifndef SLABMOD_KEEP_kvasprintf
#undef kvasprintf
#define kvasprintf slabmod_dropin_kvasprintf
#undef kvasprintf_noprof
#define kvasprintf_noprof slabmod_dropin_kvasprintf
#endif
#ifndef SLABMOD_KEEP_kvasprintf_const
#undef kvasprintf_const
#define kvasprintf_const slabmod_dropin_kvasprintf_const
#endif
#ifndef SLABMOD_KEEP_kasprintf
#undef kasprintf
#define kasprintf slabmod_dropin_kasprintf
#undef kasprintf_noprof
#define kasprintf_noprof slabmod_dropin_kasprintf
#endif
#ifndef SLABMOD_KEEP_memdup_user
#undef memdup_user
#define memdup_user slabmod_dropin_memdup_user
#endif
#ifndef SLABMOD_KEEP_memdup_user_nul
#undef memdup_user_nul
#define memdup_user_nul slabmod_dropin_memdup_user_nul
#endif
#ifndef SLABMOD_KEEP_strndup_user
#undef strndup_user
#define strndup_user slabmod_dropin_strndup_user
#endif
#ifndef SLABMOD_KEEP_vmemdup_user
#undef vmemdup_user
#define vmemdup_user slabmod_dropin_vmemdup_user
#endif
#ifndef SLABMOD_KEEP_memdup_array_user
#undef memdup_array_user
#define memdup_array_user slabmod_dropin_memdup_array_user
#endif
#ifndef SLABMOD_KEEP_vmemdup_array_user
#undef vmemdup_array_user
#define vmemdup_array_user slabmod_dropin_vmemdup_array_user
#endif
#ifndef SLABMOD_KEEP_kvmemdup
#undef kvmemdup
#define kvmemdup slabmod_dropin_kvmemdup
#undef kvmemdup_noprof
#define kvmemdup_noprof slabmod_dropin_kvmemdup
#endif

/* ---- virtually contiguous ---- */

#ifndef SLABMOD_KEEP_vmalloc
#undef vmalloc
#define vmalloc slabmod_dropin_vmalloc
#undef vmalloc_noprof
#define vmalloc_noprof slabmod_dropin_vmalloc
#endif
#ifndef SLABMOD_KEEP_vzalloc
#undef vzalloc
#define vzalloc slabmod_dropin_vzalloc
#undef vzalloc_noprof
#define vzalloc_noprof slabmod_dropin_vzalloc
#endif
#ifndef SLABMOD_KEEP_vmalloc_user
#undef vmalloc_user
#define vmalloc_user slabmod_dropin_vmalloc_user
#undef vmalloc_user_noprof
#define vmalloc_user_noprof slabmod_dropin_vmalloc_user
#endif
#ifndef SLABMOD_KEEP_vmalloc_node
#undef vmalloc_node
#define vmalloc_node slabmod_dropin_vmalloc_node
#undef vmalloc_node_noprof
#define vmalloc_node_noprof slabmod_dropin_vmalloc_node
#endif
#ifndef SLABMOD_KEEP_vzalloc_node
#undef vzalloc_node
#define vzalloc_node slabmod_dropin_vzalloc_node
#undef vzalloc_node_noprof
#define vzalloc_node_noprof slabmod_dropin_vzalloc_node
#endif
#ifndef SLABMOD_KEEP_vmalloc_huge
#undef vmalloc_huge
#define vmalloc_huge slabmod_dropin_vmalloc_huge
#undef vmalloc_huge_noprof
#define vmalloc_huge_noprof slabmod_dropin_vmalloc_huge
#endif
#ifndef SLABMOD_KEEP_vmalloc_huge_node
#undef vmalloc_huge_node
#define vmalloc_huge_node slabmod_dropin_vmalloc_huge_node
#undef vmalloc_huge_node_noprof
#define vmalloc_huge_node_noprof slabmod_dropin_vmalloc_huge_node
#endif
#ifndef SLABMOD_KEEP___vmalloc
#undef __vmalloc
#define __vmalloc slabmod_dropin___vmalloc
#undef __vmalloc_noprof
#define __vmalloc_noprof slabmod_dropin___vmalloc
#endif
#ifndef SLABMOD_KEEP_vmalloc_array
#undef vmalloc_array
#define vmalloc_array slabmod_dropin_vmalloc_array
#undef vmalloc_array_noprof
#define vmalloc_array_noprof slabmod_dropin_vmalloc_array
#endif
#ifndef SLABMOD_KEEP___vmalloc_array
#undef __vmalloc_array
#define __vmalloc_array slabmod_dropin___vmalloc_array
#undef __vmalloc_array_noprof
#define __vmalloc_array_noprof slabmod_dropin___vmalloc_array
#endif
#ifndef SLABMOD_KEEP_vcalloc
#undef vcalloc
#define vcalloc slabmod_dropin_vcalloc
#undef vcalloc_noprof
#define vcalloc_noprof slabmod_dropin_vcalloc
#endif
#ifndef SLABMOD_KEEP___vcalloc
#undef __vcalloc
#define __vcalloc slabmod_dropin___vcalloc
#undef __vcalloc_noprof
#define __vcalloc_noprof slabmod_dropin___vcalloc
#endif
#ifdef vrealloc
#ifndef SLABMOD_KEEP_vrealloc
#undef vrealloc
#define vrealloc slabmod_dropin_vrealloc
#undef vrealloc_noprof
#define vrealloc_noprof slabmod_dropin_vrealloc
#endif
#endif

/* ---- either ---- */

#ifndef SLABMOD_KEEP_kvmalloc
#undef kvmalloc
#define kvmalloc slabmod_dropin_kvmalloc
#undef kvmalloc_noprof
#define kvmalloc_noprof slabmod_dropin_kvmalloc
#endif
#ifndef SLABMOD_KEEP_kvzalloc
#undef kvzalloc
#define kvzalloc slabmod_dropin_kvzalloc
#undef kvzalloc_noprof
#define kvzalloc_noprof slabmod_dropin_kvzalloc
#endif
#ifndef SLABMOD_KEEP_kvmalloc_node
#undef kvmalloc_node
#define kvmalloc_node slabmod_dropin_kvmalloc_node
#undef kvmalloc_node_noprof
#define kvmalloc_node_noprof slabmod_dropin_kvmalloc_node
#endif
#ifndef SLABMOD_KEEP_kvzalloc_node
#undef kvzalloc_node
#define kvzalloc_node slabmod_dropin_kvzalloc_node
#endif
#ifndef SLABMOD_KEEP_kvmalloc_array
#undef kvmalloc_array
#define kvmalloc_array slabmod_dropin_kvmalloc_array
#undef kvmalloc_array_noprof
#define kvmalloc_array_noprof slabmod_dropin_kvmalloc_array
#endif
#ifndef SLABMOD_KEEP_kvcalloc
#undef kvcalloc
#define kvcalloc slabmod_dropin_kvcalloc
#undef kvcalloc_noprof
#define kvcalloc_noprof slabmod_dropin_kvcalloc
#endif
#ifndef SLABMOD_KEEP_kvmalloc_array_node
#undef kvmalloc_array_node
#define kvmalloc_array_node slabmod_dropin_kvmalloc_array_node
#undef kvmalloc_array_node_noprof
#define kvmalloc_array_node_noprof slabmod_dropin_kvmalloc_array_node
#endif
#ifndef SLABMOD_KEEP_kvcalloc_node
#undef kvcalloc_node
#define kvcalloc_node slabmod_dropin_kvcalloc_node
#undef kvcalloc_node_noprof
#define kvcalloc_node_noprof slabmod_dropin_kvcalloc_node
#endif
#ifndef SLABMOD_KEEP_kvrealloc
#undef kvrealloc
#define kvrealloc slabmod_dropin_kvrealloc
#undef kvrealloc_noprof
#define kvrealloc_noprof slabmod_dropin_kvrealloc
#endif

/* ---- pages, by address ---- */

#ifndef SLABMOD_KEEP___get_free_pages
#undef __get_free_pages
#define __get_free_pages slabmod_dropin___get_free_pages
#undef get_free_pages_noprof
#define get_free_pages_noprof slabmod_dropin___get_free_pages
#undef __get_free_page
#define __get_free_page(gfp) __get_free_pages((gfp), 0)
#endif
#ifndef SLABMOD_KEEP_get_zeroed_page
#undef get_zeroed_page
#define get_zeroed_page slabmod_dropin_get_zeroed_page
#undef get_zeroed_page_noprof
#define get_zeroed_page_noprof slabmod_dropin_get_zeroed_page
#endif
#ifndef SLABMOD_KEEP_alloc_pages_exact
#undef alloc_pages_exact
#define alloc_pages_exact slabmod_dropin_alloc_pages_exact
#undef alloc_pages_exact_noprof
#define alloc_pages_exact_noprof slabmod_dropin_alloc_pages_exact
#endif

#undef kmalloc_size_roundup
#define kmalloc_size_roundup slabmod_kmalloc_size_roundup

/* ---- buffers for paths ---- */

#undef __getname
#define __getname slabmod_dropin___getname
#undef __putname
#define __putname slabmod_dropin___putname

/* ---- caches: all or none ---- */

#ifndef SLABMOD_KEEP_kmem_cache
#define kmem_cache slabmod_cache
#undef kmem_cache_create
#define kmem_cache_create slabmod_dropin_create
#undef __kmem_cache_create_args
#define __kmem_cache_create_args slabmod_dropin_kmem_cache_create_args
#undef KMEM_CACHE
#define KMEM_CACHE SLABMOD_DROPIN_CACHE
#undef KMEM_CACHE_USERCOPY
#define KMEM_CACHE_USERCOPY(tag, flags, field) SLABMOD_DROPIN_CACHE(tag, flags)
#undef kmem_cache_create_usercopy
#define kmem_cache_create_usercopy slabmod_dropin_kmem_cache_create_usercopy
#undef kmem_cache_destroy
#define kmem_cache_destroy slabmod_dropin_kmem_cache_destroy
#undef kmem_cache_shrink
#define kmem_cache_shrink slabmod_dropin_kmem_cache_shrink
#undef kmem_cache_alloc
#define kmem_cache_alloc slabmod_dropin_kmem_cache_alloc
#undef kmem_cache_alloc_noprof
#define kmem_cache_alloc_noprof slabmod_dropin_kmem_cache_alloc
#undef kmem_cache_zalloc
#define kmem_cache_zalloc slabmod_dropin_kmem_cache_zalloc
#undef kmem_cache_alloc_node
#define kmem_cache_alloc_node slabmod_dropin_kmem_cache_alloc_node
#undef kmem_cache_alloc_node_noprof
#define kmem_cache_alloc_node_noprof slabmod_dropin_kmem_cache_alloc_node
#undef kmem_cache_alloc_lru
#define kmem_cache_alloc_lru slabmod_dropin_kmem_cache_alloc_lru
#undef kmem_cache_alloc_lru_noprof
#define kmem_cache_alloc_lru_noprof slabmod_dropin_kmem_cache_alloc_lru
#undef kmem_cache_alloc_bulk
#define kmem_cache_alloc_bulk slabmod_dropin_kmem_cache_alloc_bulk
#undef kmem_cache_alloc_bulk_noprof
#define kmem_cache_alloc_bulk_noprof slabmod_dropin_kmem_cache_alloc_bulk
#undef kmem_cache_free
#define kmem_cache_free slabmod_dropin_kmem_cache_free
#undef kmem_cache_free_bulk
#define kmem_cache_free_bulk slabmod_dropin_kmem_cache_free_bulk
#undef kmem_cache_size
#define kmem_cache_size slabmod_dropin_kmem_cache_size
#undef kmem_cache_charge
#define kmem_cache_charge slabmod_dropin_kmem_cache_charge
#undef kvfree_rcu_barrier_on_cache
#define kvfree_rcu_barrier_on_cache slabmod_dropin_kvfree_rcu_barrier_on_cache
#undef alloc_inode_sb
#define alloc_inode_sb slabmod_dropin_alloc_inode_sb
#undef mempool_alloc_slab
#define mempool_alloc_slab slabmod_dropin_mempool_alloc_slab
#undef mempool_free_slab
#define mempool_free_slab slabmod_dropin_mempool_free_slab
#undef mempool_init_slab_pool
#define mempool_init_slab_pool slabmod_dropin_mempool_init_slab_pool
#undef mempool_create_slab_pool
#define mempool_create_slab_pool slabmod_dropin_mempool_create_slab_pool
#undef kmem_cache_prefill_sheaf
#define kmem_cache_prefill_sheaf slabmod_cache_prefill_sheaf
#undef kmem_cache_alloc_from_sheaf
#define kmem_cache_alloc_from_sheaf slabmod_cache_alloc_from_sheaf
#undef kmem_cache_alloc_from_sheaf_noprof
#define kmem_cache_alloc_from_sheaf_noprof slabmod_cache_alloc_from_sheaf
#undef kmem_cache_refill_sheaf
#define kmem_cache_refill_sheaf slabmod_cache_refill_sheaf
#undef kmem_cache_return_sheaf
#define kmem_cache_return_sheaf slabmod_cache_return_sheaf
#undef kmem_cache_sheaf_size
#define kmem_cache_sheaf_size slabmod_cache_sheaf_size
#define slab_sheaf slabmod_sheaf
#endif

/* ---- mempools: elements by size ---- */

#undef mempool_kmalloc
#define mempool_kmalloc slabmod_dropin_mempool_kmalloc
#undef mempool_kfree
#define mempool_kfree slabmod_dropin_mempool_kfree
#undef mempool_init_kmalloc_pool
#define mempool_init_kmalloc_pool slabmod_dropin_mempool_init_kmalloc_pool
#undef mempool_create_kmalloc_pool
#define mempool_create_kmalloc_pool slabmod_dropin_mempool_create_kmalloc_pool

#endif /* _SLABMOD_DROPIN_MAP_H */
