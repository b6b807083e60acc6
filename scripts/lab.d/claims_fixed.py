# SPDX-License-Identifier: GPL-2.0
"""Claims on strategies with fixed sizes: buddies, buckets, superblocks as blocks of one size."""
import math

from claims_data import (beyond_caches, claim, exists, is_constant, is_linear, judge, over, percent,
                         seconds, times)
from results import size
from claims_threads import at_once


def flat(data, strategy, *calls):
    """
    Whether calls take about the same time however many blocks there are, a text, and a sentence if
    caches have a part in it
    """
    points = {call: data.steps(strategy, call) for call in calls}
    text = '; '.join(f"{strategy.strip('-')} {call}: {over(points[call])}".strip() for call in calls)
    return (all(is_constant(each) for each in points.values()), f'cycles by free blocks: {text}',
            beyond_caches(*points.values()))


# ---- buddies

@claim(217, 'Buddies make merging easier, at the price of internal fragmentation')
def buddies(data):
    easy, text, _ = flat(data, 'buddy', 'free')
    search = data.steps('list_address', 'free')
    buddy, exact = data.use('buddy', 'mix'), data.use('list_address', 'mix')
    waste = buddy.slack / buddy.asked, exact.slack / exact.asked
    return judge(
        f'{text}; list_address free: {over(search)}; lost by rounding in mix: {100 * waste[0]:.0f} '
        f'% and {100 * waste[1]:.0f} %',
        yes=(easy and is_linear(search) and waste[0] > 2 * waste[1], 'The address of a buddy '
             'is known without a search. In return each block is a power of two.'),
        partly=(easy or waste[0] > 2 * waste[1], 'Only one half of it was seen.'),
        no='To merge takes a search, and rounding costs no more than elsewhere.')


@claim(250, 'Doubly linked lists of buddies give O(1) insertion and removal')
def linked_buddies(data):
    constant, text, caches = flat(data, 'buddy', 'alloc', 'free')
    links, parts, _ = flat(data, '-', 'insert_double', 'delete_double')
    parts = parts.partition(': ')[2]
    single = data.steps('-', 'delete_single')
    return judge(
        f'{text}; {parts}; with one link: {over(single)}',
        yes=(constant and links and is_linear(single), 'A block in the middle of a list is '
             f'unlinked by its two links, so the length of the list does not matter.{caches}'),
        no='The calls take longer when there are more free blocks.')


@claim(272, 'If a list of buddies has a block of the size, it is found in constant time')
def buddy_hit(data):
    constant, text, caches = flat(data, 'buddy', 'hit')
    return judge(
        text,
        yes=(constant, f'The first block of the list fits, and so would each other one.{caches}'),
        no='An allocation takes longer when there are more free blocks.')


@claim(286, 'Caches of threads do not go well with buddies, which then do not merge')
def cached_buddies(data):
    full, cached = data.experiment('buddies_full'), data.experiment('buddies_cached')
    stuck, flushed = data.experiment('buddies_stuck'), data.experiment('buddies_flushed')
    own = exists('mod/magazine.c')
    return judge(
        f'of {size(full)} all is freed but {size(cached)} in caches: {size(stuck)} stay taken, and '
        f'{size(flushed)} when the caches are flushed too',
        yes=(stuck - flushed > 8 * cached, 'A block that a cache keeps is not free for its buddy, '
             f'nor for the buddy of both, and so on. slabmod has such caches nevertheless ({own}), '
             'and flushes them when memory is short.'),
        partly=(stuck - flushed > cached, 'More stays than the caches have, but not much.'),
        no='No more stays than what the caches have.')


# ---- buckets

@claim(273, 'malloc() and free() of buckets take constant time')
def bucket_cost(data):
    constant, text, caches = flat(data, 'buckets', 'alloc_fixed', 'free_fixed')
    return judge(
        text,
        yes=(constant, 'A list has pages with room, so the first one serves. Its bitmap has at '
             f'most 16 words to look at.{caches}'),
        no='The calls take longer when there are more objects.')


@claim(274, 'Buckets keep objects of one size together, and those of different sizes apart')
def bucket_locality(data):
    same, sizes = data.experiment('buckets_pages_same'), data.experiment('buckets_pages_sizes')
    plain = data.experiment('list_address_pages_sizes')
    return judge(
        f'pages that 20 objects lie in: {same:.0f} if they are of one size, {sizes:.0f} if each has '
        f'another; with one list, {plain:.0f}',
        yes=(same <= 2 and sizes > 1.5 * plain, 'A page has one size. Objects that a program uses '
             'together are close only if their sizes agree.'),
        partly=(same <= 2, 'They are together, but others are hardly further apart than in a '
                           'list.'),
        no='Objects of one size are in many pages.')


@claim(275, 'Buckets keep some internal and some external fragmentation')
def bucket_fragmentation(data):
    use = data.use('buckets', 'mix')
    slack, free = use.slack / use.asked, use.free / use.asked
    return judge(
        f'in mix, beside each byte in use: {slack:.2f} lost by rounding and {free:.2f} free in '
        'pages of other sizes',
        yes=(slack > 0.02 and free > 0.02, 'A request is rounded up to its bucket, and a free slot '
             'is of use for one size only.'),
        partly=(slack > 0.02 or free > 0.02, 'Only one of the two is there.'),
        no='There is neither.')


@claim(276, 'Buckets take a lot at the start: a page for each size, 80 KiB for 20 sizes')
def bucket_start(data):
    start, pages = data.experiment('buckets_start'), data.experiment('buckets_pages_sizes')
    plain = data.experiment('list_address_start')
    page = data.fact('page_size')
    return judge(
        f'one request of each of the 20 sizes takes {size(start)}, in {pages:.0f} pages; one list '
        f'takes {size(plain)}',
        yes=(start >= 19 * page and start > 2 * plain, 'Each size begins with a page of its own. '
             'The largest has no room for a header in one page, so it takes what large requests '
             'take.'),
        no='The sizes share pages, or a list takes as much.')


@claim(277, 'A list for each size is feasible, but performs worse than a set of sizes')
def list_for_each(data):
    pattern = r'(\d+) bytes of pages for (\d+) asked for, (\d+) cycles'
    (taken, asked, took), (less, of, other) = (
        data.example_figures(name, pattern) for name in ('every_size', 'sizes_of_table'))
    works = data.example('every_size.is_feasible')
    memory, usual = taken / asked, less / of
    return judge(
        f"all requests of mix succeed: {'yes' if works else 'no'}; most A by most U, and cycles of a "
        f'call: {times(memory)} and {took}, with the sizes of the table {times(usual)} and {other}',
        yes=(works and memory > 1.2 * usual, 'It works, and nothing is rounded up. But each size '
             'keeps pages of which it uses little.'),
        partly=(works and (memory > usual or took > 1.2 * other), 'It works, and is a bit worse.'),
        no='It does not work, or works as well as a set of sizes.')


@claim(278, 'With the size at the start of the page, powers of two do not spill to the next bucket')
def page_header(data):
    bucket, buddy = data.use('buckets', 'same'), data.use('buddy', 'same')
    return judge(
        f'objects of 64 bytes: buckets lose {percent(bucket.slack, bucket.asked)} by rounding, '
        f'buddies with a header {percent(buddy.slack, buddy.asked)}',
        yes=(bucket.slack == 0 and buddy.slack > buddy.asked / 2, 'A header in front of each '
             'object would make 64 bytes a request for 80, and a block of 96 or 128.'),
        no='Powers of two are rounded up, or a header does no harm.')


@claim(279, 'A page of a bucket can go back when all of its slots are free')
def page_goes_back(data):
    bucket, kept = data.use('buckets', 'list'), data.use('segregated', 'list')
    correct = data.conforms('buckets', 'pages_come_back')
    return judge(
        f'all of a list of {size(bucket.most)} is freed: buckets keep {size(bucket.end)}, '
        f'segregated, without a count for each page, {size(kept.end)}',
        yes=(correct and bucket.end == 0 and kept.end > 0, 'The bitmap shows when the last slot is '
             'free.'),
        no='Pages stay although no slot is in use.')


@claim(280, 'To round down an address fails from a page on, unless each object has a block of its '
            'own')
def round_down(data):
    page, run = data.experiment('mask_page_of_run'), data.experiment('mask_run_of_run')
    large = data.experiment('mask_page_of_large')
    return judge(
        'of 1,000 objects in blocks of 64 KiB, rounding down to a page misses the header of '
        f'{page:.0f}, to 64 KiB of {run:.0f}; with a block each, {large:.0f} are missed',
        yes=(page > 500 and run == 0 and large == 0, 'A block of several pages is found by its own '
             'size, if it is aligned to that. One object for each block begins where the block '
             'does.'),
        no='Rounding down to a page finds blocks of several pages, or misses those of one object.')


@claim(300, 'Blocks of more than one page may be more efficient')
def larger_blocks(data):
    names = ('list', 'mix', 'odd', 'sparse')
    strategies = ('buckets', 'kmalloc_like')
    small, large = ({name: data.use(each, name) for name in names} for each in strategies)
    faster = [small[name].cycles / large[name].cycles for name in names]
    memory = [large[name].taken / small[name].taken for name in names]
    text = ', '.join(f'{name} {times(a)} and '
                     f'{times(b)}' for name, a, b in zip(names, faster, memory))
    calls = [data.run('threadtest', strategy).takes for strategy in strategies]
    return judge(
        f'blocks of 64 KiB beside pages: how many times as fast, and how much memory, in {text}; '
        f'threadtest takes pages {calls[0]:,.0f} and {calls[1]:,.0f} times',
        yes=(min(faster) > 0.9 and max(memory) < 1.1, 'They are as good in memory, and faster.'),
        partly=(max(faster) > 1.2 or calls[1] < calls[0] / 2, 'They need fewer calls and less '
                'time. A block that is used for one size only costs memory, above all where there '
                'are few objects.'),
        no='They are no faster, and take as many calls.')


# ---- superblocks

@claim(224, 'The superblock of an object is found by a mask, so objects need no header')
def no_header(data):
    hoard, plain = data.use('hoard', 'list'), data.use('list_lifo', 'list')
    objects = hoard.operations / 2
    found = data.experiment('mask_run_of_run')
    return judge(
        f'for each of {objects:,.0f} nodes, hoard has {hoard.overhead / objects:.2f} bytes of its '
        f'own, list_lifo {plain.overhead / objects:.2f}; the mask fails for {found:.0f} of 1,000 '
        'objects',
        yes=(found == 0 and hoard.overhead / objects < 1 and plain.overhead / objects >= 8, 'The '
             'header of a superblock serves all of its objects.'),
        no='The mask fails, or there is a header for each object all the same.')


@claim(225, 'Objects above half a superblock have pages of their own, which is acceptable as they '
            'are few')
def large_objects(data):
    asked, given = data.experiment('hoard_large_asked'), data.experiment('hoard_large_taken')
    half = data.experiment('hoard_half_taken')
    return judge(
        f'{asked:,.0f} bytes take {size(given)}; one byte less is half a superblock, and takes all '
        f'of its {size(half)}',
        yes=(given < 1.2 * asked < half, 'What is lost of such an object is less than a page. The '
             'worst case is below it: of objects of just half a superblock only one fits behind the '
             'header. That large ones are few is up to the program.'),
        partly=(given < 1.5 * asked, 'They have pages of their own, and lose more than a page.'),
        no='They have superblocks, or lose as much as they need.')


@claim(257, 'Lists of fixed sizes have a fragmentation of O(log U)')
def binned(data):
    found = data.grow('segregated', 'rising')
    first, last = found[0], found[-1]
    ratios = [each.taken / each.asked for each in found]
    step = (ratios[-1] - ratios[0]) / (last.n - first.n)
    return judge(
        f'all memory for one size after another: A/U is {times(ratios[0])} with {first.n} size and '
        f'{times(ratios[-1])} with {last.n} sizes, each twice the last; log2 U is '
        f'{math.log2(last.asked):.0f}',
        yes=(0.5 < step < 1.5, 'Each list keeps what it once needed, so each size adds about U to '
             'A. There are log U powers of two up to U, and a constant times as many with points '
             'between them.'),
        partly=(step <= 0.5, 'It grows less than by U for each size, so these sizes do not reach '
                'the bound.'),
        no='Each further size costs more than U, so that the bound does not hold.')


# ---- buckets with threads

@claim(287, 'Caches of threads do not go well with buckets, because of races on the data of chunks')
def cached_buckets(data):
    correct = data.conforms('tcmalloc', 'threads_at_once')
    n = at_once(data)
    cache, lock = (data.run('threadtest', name, n).seconds for name in ('tcmalloc', 'global_mutex'))
    return judge(
        f"tcmalloc, caches in front of buckets: {'no error' if correct else 'errors'} with four "
        f'threads; threadtest with {n} threads: {seconds(cache)}, global_mutex {seconds(lock)}',
        yes=(not correct, 'Objects are damaged.'),
        partly=(cache > lock / 1.5, 'There is no race, but it is not clearly faster than one heap '
                'with a lock.'),
        no='They go together if an object in a cache counts as in use. Then only batches that move '
           'to or from the central list touch the data of a chunk, under its lock.')
