# SPDX-License-Identifier: GPL-2.0
"""Claims on the operating system and on malloc() as such: pages, system calls, advice, misuse."""
from claims_data import GLIBC, claim, cycles, exists, judge, kunit, times
from results import figure, size

SIGABRT, SIGSEGV = 6, 11
# A program that runs, although an allocator is too slow for it or needs too much memory
RAN = ('ok', 'slow', 'out_of_memory')


# ---- the kernel's own memory: what this repository shows of it

@claim(232, 'Memory of kmalloc() never faults')
def no_faults(data):
    test = kunit('kunit/test_kmalloc.c', 'test_random_calls_in_interrupts')
    zero = exists('kunit/test_abuse.c')
    return judge(
        f'KUnit: {test} writes and reads all of its memory in interrupts',
        yes=(True, 'A fault of kernel memory in an interrupt is an oops, and the test would end in '
             'one. The pages are mapped from the start and are not swapped. Only a request for no '
             f'bytes has an address that faults, on purpose ({zero}).'),
        no='')


@claim(233, 'vmalloc() memory is no I/O buffer, and kmalloc() memory is')
def io_buffers(data):
    scattered = kunit('kunit/test_vmalloc.c', 'test_single_pages_serve_when_runs_are_short')
    whole = kunit('kunit/test_kvmalloc.c', 'test_sizes_choose_the_kind_of_memory')
    disks = exists('scripts/dropin.d/dm-integrity.sh')
    return judge(
        f'KUnit: {scattered} gets 100 pages of which no two are neighbours; {whole} gets contiguous '
        'memory up to the limit of kmalloc()',
        partly=(True, 'A device that is given one physical address needs contiguous pages, and '
                'vmalloc() does not promise them. Page by page such memory does serve: dm-bufio, '
                f'which {disks} compiles against slabmod, knows buffers of each kind.'),
        no='')


@claim(234, 'vmalloc() may sleep, so an interrupt has to use kmalloc()')
def may_sleep(data):
    refused = kunit('kunit/test_vmalloc.c', 'test_refused_requests')
    atomic = kunit('kunit/test_kvmalloc.c', 'test_interrupts_get_contiguous_memory_only')
    return judge(
        f'KUnit: {refused}, in a softirq and with interrupts off; {atomic}',
        yes=(True, 'To map pages takes locks and page tables, for which the caller may have to '
             'wait. slabmod reports such a call in an interrupt, and its kvmalloc() offers only '
             'contiguous memory there.'),
        no='')


def kernel_stack(data):
    """Pages of a kernel stack, and a text"""
    stack = data.experiment('kernel_stack')
    pages = round(stack / data.fact('page_size'))
    return pages, f'the kernel has {size(round(stack))} of stack for each thread, {pages} pages'


@claim(235, 'A kernel stack has two pages, so large objects do not belong there')
def small_stack(data):
    pages, text = kernel_stack(data)
    exists('kunit/test_slab.c', 'Too large for the stack')
    return judge(
        text,
        yes=(pages == 2, 'The figure and the advice are both right for this kernel.'),
        partly=(pages < 256, 'The number of pages depends on the kernel: two were usual on 32 bits. '
                'The advice stands, because the stack is small and does not grow. Tests of slabmod '
                'have their arrays elsewhere for that reason (kunit/test_slab.c).'),
        no='This kernel has a stack of a size for which the advice is not needed.')


@claim(299, 'Kernel code uses the heap more, because its stacks are small')
def heap_for_large(data):
    pages, text = kernel_stack(data)
    asked = data.trace('segregated', 'asked')
    return judge(
        f'{text}; in the recorded trace the kernel had {size(asked)} in kmalloc() memory at once',
        yes=(pages < 256 and asked > 16 * pages * data.fact('page_size'),
             'One stack is a small part of what the kernel has in its heap at a time. How much of '
             'that a larger stack would have held, the trace does not tell.'),
        no='The stacks are large beside what the kernel has in its heap.')


# ---- a program's memory

@claim(231, 'free() of Hoard returns no memory to the system at once')
def hoard_keeps(data):
    hoard = data.use('hoard', 'list')
    kept = data.fact('give_back_but_last') / data.fact('give_back_used')
    glibc = f'glibc keeps {100 * kept:.0f} % of its resident size while the last block is in use'
    measured = (f'hoard has {size(hoard.end)} of at most {size(hoard.most)} when all of a list is '
                f'free; {glibc}')
    return judge(
        measured,
        yes=(hoard.end >= 0.9 * hoard.most, 'Free superblocks stay in a heap, ready for the next '
             'request. A library that keeps its pages does so for the same reason: a system call '
             'and a fault cost more than a list.'),
        partly=(hoard.end >= 0.1 * hoard.most, 'A part of the superblocks went back.'),
        no='The pages went back as soon as they were free.')


@claim(236, 'A program starts with no heap')
def starts_empty(data):
    heap, other = data.fact('start_heap'), data.fact('start_anonymous')
    first = data.fact('first_malloc_heap')
    return judge(
        f'{size(heap)} before the first malloc(), {size(first)} after it; {size(other)} of other '
        'anonymous memory, which the loader needs',
        yes=(heap == 0, 'The heap comes into being with the first request, and then in larger '
                        'steps than that asks for.'),
        no='Something before main() has used the heap.')


@claim(237, 'An mmap() for each small request wastes memory')
def small_mmaps(data):
    mapped, heap = data.fact('small_mmap_rss'), data.fact('small_malloc_rss')
    return judge(
        f"{in_bytes(mapped)} of resident memory for each request of "
        f"{in_bytes(data.fact('small_mmap_asked'))}, and "
        f'{in_bytes(heap)} with malloc()',
        yes=(mapped >= 10 * heap, 'A mapping has whole pages.'),
        partly=(mapped >= 1.5 * heap, 'The page is a small multiple of what malloc() takes.'),
        no='A mapping takes no more than malloc() does.')


def in_bytes(value):
    return f'{value:,.0f} bytes'


@claim(238, 'System calls are slow, so a few large mmap() calls are better')
def slow_calls(data):
    ratio = data.fact('mmap_pair') / data.fact('malloc_pair')
    single, batched = data.fact('mmap_page_single'), data.fact('mmap_page_batched')
    return judge(
        f"mmap() and munmap() take {cycles(data.fact('mmap_pair'))}, malloc() and free() "
        f"{cycles(data.fact('malloc_pair'))}; a page with its first write takes {cycles(single)} "
        "if mapped "
        f'alone, {cycles(batched)} with 255 others',
        yes=(ratio > 10 and single > 1.2 * batched, 'Entering the kernel and changing the map of a '
             'process costs more than a call of a library. Batches save that; the fault of each '
             'page remains.'),
        partly=(ratio > 2 or single > 1.2 * batched, 'The calls are dear, but of batches that is '
                'not clear.'),
        no='A system call costs hardly more than the library here.')


@claim(239, 'With malloc() and free(), programs are portable')
def portable(data):
    works = {}
    for (program, library), run in data.real().items():
        works.setdefault(library, []).append(run.status in RAN)
    programs = len({program for program, _ in data.real()})
    good = [library for library, all_of in works.items() if all(all_of)]
    measured = (f'{programs} programs, which know nothing of the lab, ran with {len(good)} of '
                f'{len(works)} implementations of malloc()')
    return judge(
        measured,
        partly=(len(good) == len(works) and len(works) > 1, 'The calls are the same whatever is '
                'beneath them, so allocators can be exchanged without a new binary. That programs '
                'move to other systems was not tried.'),
        no='Some programs depend on more than the standard says, or an implementation does not '
           'keep to it.')


# ---- pages come late

@claim(251, 'mmap() is lazy: physical memory comes later')
def lazy(data):
    pages, page = data.fact('lazy_pages'), data.fact('page_size')
    before, after = data.fact('lazy_mapped_rss'), data.fact('lazy_touched_rss')
    return judge(
        f'{pages:.0f} pages: {size(before)} resident after mmap(), {size(after)} after a write to '
        'each',
        yes=(before == 0 and after >= pages * page, 'mmap() reserves addresses. The memory comes '
             'with the first access to each page.'),
        partly=(before < after / 2, 'Some pages were there from the start.'),
        no='mmap() returned with its pages present.')


@claim(252, 'A fresh page is a shared page of zeros, read only; the first write faults')
def zero_page(data):
    pages = data.fact('lazy_pages')
    entries = data.fact('lazy_mapped_present')
    frames, written = data.fact('zero_read_frames'), data.fact('zero_write_frames')
    write, again = data.fact('zero_write_faults'), data.fact('zero_again_faults')
    shared = frames == 1 and data.fact('zero_read_sum') == 0 and write >= pages
    return judge(
        f'of {pages:.0f} pages, {entries:.0f} are in the page table after mmap(); read, they are '
        f'{frames:.0f} page frames; the first writes fault {write:.0f} times and make them '
        f'{written:.0f}; again: {again:.0f} faults',
        yes=(shared and entries == pages, 'All is as the notes have it.'),
        partly=(shared, 'A page that is only read is the shared page of zeros, and a write '
                'replaces it. But mmap() does not fill the page table: an entry comes with the '
                'first read, by a fault as well.'),
        no='Pages that are only read do not share one frame, or writes to them do not fault.')


@claim(253, 'malloc() is a function of a library, which may call mmap(); mmap() is a system call')
def library_call(data):
    small, mallocs = data.fact('calls_small'), data.fact('calls_small_mallocs')
    large = data.fact('calls_large')
    return judge(
        f"{mallocs:,.0f} small requests make {small:.0f} calls of mmap() or brk(), "
        f"{data.fact('calls_large_mallocs'):.0f} of 1 MiB make {large:.0f}",
        yes=(0 < small < mallocs / 10 and large > 0, 'Most requests are served in the process. It '
             'asks the kernel for more than it needs, and for each large request.'),
        no='The number of system calls is that of requests, or there are none.')


# ---- what goes wrong

@claim(254, 'Memory that is not freed is lost')
def leak(data):
    asked = data.fact('leak_asked')
    kept, freed = data.fact('leak_growth'), data.fact('leak_freed_growth')
    return judge(
        f'{size(asked)} in ten rounds: the process grows by {size(kept)} without free(), by '
        f'{size(freed)} with it',
        yes=(kept > asked / 2 > 5 * freed, 'Without free() each round takes new memory, and with '
                                           'it the same memory again.'),
        no='The process does not grow, or grows with free() too.')


@claim(255, 'A double free ends in a segmentation fault, or frees what another owner has')
def double_free(data):
    plain, large = data.fact('double_free'), data.fact('double_free_large')
    ring, other = data.fact('double_free_ring'), data.fact('double_free_other')
    found = {0: 'nothing at once', SIGABRT: 'an abort', SIGSEGV: 'a segmentation fault'}
    harm = ring or other
    return judge(
        f"with glibc: at once, {found.get(plain, f'signal {plain:.0f}')}; of mapped memory, "
        f"{found.get(large, f'signal {large:.0f}')}; two owners get one block: "
        f"{'yes' if ring else 'no'}; memory of another owner is freed: {'yes' if other else 'no'}",
        yes=(harm and SIGSEGV in (plain, large) and plain != SIGABRT, 'Each outcome that the notes '
             'name was seen.'),
        partly=(harm or SIGSEGV in (plain, large), 'There is a third outcome: the library finds '
                'the simple case itself and aborts. The others depend on what happens between the '
                'two calls.'),
        no='Each double free was found by the library.')


@claim(256, 'The speed of malloc() matters more for small blocks')
def small_blocks(data):
    share = {n: data.fact(f'block_share_{n}') for n in (16, 256, 4096, 65536)}
    return judge(
        'of the time to allocate, fill and free a block, malloc() and free() are ' +
        ', '.join(f'{figure(share[n])} % at {n:,} bytes' for n in share),
        yes=(share[16] > 2 * share[65536] and share[256] > share[65536], 'The cost of a call '
             'hardly depends on the size, and that of writing the block does.'),
        no='The share of the calls does not fall with the size.')


# ---- advice

@claim(292, 'After MADV_DONTNEED, pages read as zeros and stay mapped')
def dontneed(data):
    mapped, pages = data.fact('dontneed_mapped'), data.fact('lazy_pages')
    total, rss = data.fact('dontneed_sum'), data.fact('dontneed_rss')
    return judge(
        f"{mapped:.0f} of {pages:.0f} pages are still mapped, {size(rss)} of "
        f"{size(data.fact('dontneed_before_rss'))} are resident, and the bytes that were "
        f"{data.fact('dontneed_before_sum'):.0f} in all are {total:.0f}",
        yes=(mapped == pages and total == 0 and rss == 0, 'The kernel drops the pages and keeps '
             'the mapping; an access faults in new ones.'),
        no='The pages are not there, or still have their contents.')


@claim(293, 'Pages of 2 MiB need fewer entries of the TLB and can be much faster')
def huge_pages(data):
    small, huge = data.fact('small_access_512m'), data.fact('huge_access_512m')
    near = data.fact('small_access_2m') / data.fact('huge_access_2m')
    return judge(
        f'a random access to 512 MiB takes {cycles(small)} with small pages, {cycles(huge)} with '
        'huge ones '
        f"({times(small / huge)} times); to 2 MiB, {times(near)} times; "
        f"{data.fact('small_faults'):,.0f} faults to fill it are {data.fact('huge_faults'):,.0f}",
        yes=(small > 1.2 * huge, 'The buffer has more small pages than the TLB has entries. Where '
             'the TLB is large enough, or the order of accesses is regular, there is less to '
             'gain.'),
        partly=(data.fact('small_faults') > 10 * data.fact('huge_faults'), 'There are fewer '
                'faults, but accesses are not clearly faster.'),
        no='Huge pages change neither faults nor accesses.')


@claim(294, 'MADV_DONTNEED does not work with huge pages')
def dontneed_huge(data):
    before, after = data.fact('huge_whole_rss_before'), data.fact('huge_whole_rss_after')
    part, error = data.fact('huge_part_rss_after'), data.fact('huge_whole_errno')
    kept = data.fact('huge_part_split_later')
    return judge(
        f"of {size(before)} in transparent huge pages {size(after)} stay resident; of a part of "
        f"each, {size(data.fact('huge_part_rss_before') - part)} went, and {kept:.0f} pages wait "
        "to be split",
        yes=(error or after >= before, 'The kernel refused the advice, or did not follow it.'),
        partly=(after > 0 or part >= data.fact('huge_part_rss_before'), 'It works for whole huge '
                'pages, not for parts.'),
        no='It works for transparent huge pages. Of a part, the resident size falls at once, and '
           'the kernel gets the memory when it splits the page. For pages that an administrator '
           'reserves, older kernels did refuse it.')


@claim(295, 'MADV_DONTNEED is a main reason that jemalloc is good')
def dontneed_jemalloc(data):
    before, after = (data.madvise('dontneed', 0, f'rss_{when}') for when in ('before', 'after'))
    keep, again = (data.madvise(way, 0, 'cycles') for way in ('keep', 'dontneed'))
    fresh = data.madvise('munmap', 0, 'cycles')
    return judge(
        f'{size(before)} become {size(after)} resident; to write them again costs '
        f'{times(again / keep)} times as much as if they are kept, {times(again / fresh)} times as '
        'much as mapping them anew',
        partly=(after < before / 2 and again > 1.2 * keep, 'It is a reason for a small resident '
                'size, which it makes possible without a change to the map. It is none for speed: '
                'pages that are used again soon are cheaper to keep, which is why the real '
                'jemalloc waits before it gives them back.'),
        yes=(after < before / 2 and again <= 1.2 * keep, 'The memory goes back, at no cost to the '
             'next use.'),
        no='The advice does not lower the resident size.')


@claim(296, 'Pages of 1 GiB are too large for most uses')
def gigantic(data):
    fit = data.fact('gigantic_in_memory')
    mapped = data.fact('gigantic_mmap_errno') == 0
    programs = [run.rss for (_, library), run in data.real().items() if library == GLIBC and run.rss]
    programs += [data.run(program, GLIBC).rss for program in ('list', 'vector', 'collatz')]
    largest = max(programs) * 1024
    share = figure(100 * largest / 2 ** 30)
    return judge(
        f"{fit:.0f} such pages are the whole memory; mmap() of one "
        f"{'works' if mapped else 'fails'}, with {data.fact('gigantic_reserved'):.0f} reserved; "
        f"the largest of {len(programs)} programs needs {share} % of one",
        yes=(largest < 2 ** 30 / 4 and fit < 1024, 'A program would hold a page of which it needs '
             'a small part, and there are few to go round. For the large databases and virtual '
             'machines that use them, this decides nothing.'),
        partly=(largest < 2 ** 30 / 4, 'The programs here are too small for them; the machine '
                                       'would have enough.'),
        no='The programs would fill such pages.')
