# SPDX-License-Identifier: GPL-2.0
"""Claims on the simplest strategies: a pointer that advances, lists, and trees of free blocks."""
from claims_data import (NO, YES, Missing, beyond_caches, claim, cycles, is_constant, is_linear,
                         is_logarithmic, is_quadratic, judge, over, percent, slope, times)
from results import size


def costs(data, *names):
    """{(strategy, call): points} for names such as 'pool alloc', and a text"""
    points = {name: data.steps(*name.split()) for name in names}
    text = '; '.join(f"{name.removeprefix('- ')}: {over(points[name])}" for name in names)
    return points, f'cycles by free blocks: {text}'


def compared(data, workloads, *strategies):
    """[costs of a call in each strategy] for each workload, and a text"""
    found = [data.costs(workload, *strategies) for workload in workloads]
    text = ', '.join(f"{name} {' and '.join(f'{cost:,.0f}' for cost in costs_)} {unit}"
                     for name, (costs_, unit) in zip(workloads, found))
    return [costs_ for costs_, _ in found], text


def ratio(use):
    return use.taken / use.asked


# ---- a pointer that advances

@claim(210, 'A bump allocator has no fragmentation')
def bump_fragments(data):
    kept, mixed = data.use('bump', 'list'), data.use('bump', 'mix')
    return judge(
        f'A/U is {times(ratio(kept))} while nothing is freed, as in list, and '
        f'{times(ratio(mixed))} in mix',
        yes=(ratio(kept) < 1.1 and ratio(mixed) < 1.1, 'All that it has is in use.'),
        partly=(ratio(mixed) < 2, 'Little is lost to rounding.'),
        no='It has no free blocks between others. But memory that was freed is of no use until the '
           'reset, and sizes are rounded up for the alignment: that is waste, whatever it is '
           'called.')


@claim(211, 'free() of a bump allocator does nothing; only a reset makes memory usable again')
def bump_free(data):
    use, page = data.use('bump', 'same'), data.fact('page_size')
    # About half of the calls allocate, more do so at first.
    asked = use.operations / 2 * 64
    reset = data.conforms('bump', 'reset_frees_everything')
    return judge(
        f"{use.operations:,} calls, half of them for 64 bytes, take {size(use.most)}, although "
        f"{size(use.asked)} are in use at most; after a reset no more is taken: "
        f"{'yes' if reset else 'no'}",
        yes=(reset and use.most > 0.95 * asked > use.asked + 64 * page, 'Each request advances the '
             'pointer, whatever was freed before it.'),
        no='Freed memory is used again without a reset, or a reset does not help.')


# ---- splitting and merging

@claim(212, 'Splitting lowers internal fragmentation')
def splitting(data):
    whole, split = ({what: data.experiment(f'{how}_{what}') for what in ('asked', 'taken', 'slack')}
                    for how in ('whole', 'split'))
    a, b = whole['slack'] / whole['asked'], split['slack'] / split['asked']
    total = whole['taken'] / whole['asked'], split['taken'] / split['asked']
    return judge(
        f'the same free list on mix: {100 * a:.0f} % more than asked for is in blocks that are '
        f'handed out whole, {100 * b:.0f} % if they are split; A/U {times(total[0])} and '
        f'{times(total[1])}',
        yes=(b < a / 2, 'The remainder of a block goes back to the list. There it can be too small '
             'to be of use, so that what was internal fragmentation becomes external.'),
        partly=(b < a, 'It is less, but not by half.'),
        no='Blocks that are split waste as much.')


@claim(213, 'Merging lowers external fragmentation')
def merging(data):
    plain, merged = data.grow('list_lifo', 'crumble')[-1], data.grow('list_address', 'crumble')[-1]
    odd = data.use('list_lifo', 'odd'), data.use('list_address', 'odd')
    return judge(
        f'A/U of the list without merging and of the one with it: {times(ratio(odd[0]))} and '
        f'{times(ratio(odd[1]))} in odd, {times(ratio(plain))} and {times(ratio(merged))} after '
        f'{plain.n:,} rounds of crumble',
        yes=(ratio(plain) > 2 * ratio(merged) and ratio(odd[0]) > 1.5 * ratio(odd[1]), 'Pieces '
             'that were cut off become parts of larger blocks again.'),
        partly=(ratio(plain) > 2 * ratio(merged), 'It takes an adversary to see it.'),
        no='Merging saves no memory.')


# ---- what a list costs

@claim(214, 'With one size, a free list links and unlinks in constant time')
def one_size(data):
    points, text = costs(data, 'pool alloc_fixed', 'pool free_fixed')
    return judge(
        text,
        yes=(all(is_constant(each) for each in points.values()), 'Any block fits, so the first one '
             f'is taken.{beyond_caches(*points.values())}'),
        no='The calls take longer when there are more blocks.')


@claim(215, 'With several sizes, the search of a free list is expensive')
def search(data):
    points, text = costs(data, 'list_lifo alloc', 'pool alloc_fixed')
    found, pool = points.values()
    return judge(
        text,
        yes=(is_linear(found) and found[-1][1] > 10 * pool[-1][1], 'Blocks that are too small '
             'have to be passed, one after another.'),
        partly=(found[-1][1] > 2 * pool[-1][1], 'It costs more, but does not grow with the length '
                                                'of the list.'),
        no='A search costs no more than to take the first block.')


@claim(216, 'A linked free list uses caches badly')
def cache_use(data):
    linked, array = data.fact('walk_random'), data.fact('walk_array')
    order, near = data.fact('walk_address'), data.fact('walk_random_cached')
    return judge(
        f'to look at a block takes {cycles(linked)} in a list in no order, {cycles(order)} in the '
        f'order of addresses, {cycles(near)} if the list is in the cache; an array of records '
        f'takes {cycles(array)}',
        yes=(linked > 3 * array and linked > 3 * near, 'The links are in the blocks, so that each '
             'step is another line, and the next address is not known before the line is there.'),
        partly=(order > 1.5 * array or linked > 1.5 * near, 'It is worse than an array, but not by '
                'much here.'),
        no='A list is searched as fast as an array.')


@claim(218, 'To use the block freed last is faster, because it is likely to be in the cache')
def last_freed(data):
    last, first = data.fact('reuse_lifo'), data.fact('reuse_fifo')
    near = data.fact('reuse_fifo_cached')
    return judge(
        f'to allocate, write and free a block takes {cycles(last)} if it was freed last, '
        f'{cycles(first)} if it was freed first; if all of the list is in the cache, that is '
        f'{cycles(near)}',
        yes=(first > 1.5 * last and first > 1.5 * near, 'It is the cache: the order makes little '
             'difference for a list that fits in it.'),
        no='The order makes no difference.')


@claim(219, 'A list with the block freed last in front is searched for less long')
def shorter_search(data):
    found, text = compared(data, ('same', 'collatz', 'mix', 'odd'), 'list_lifo', 'list_address')
    shorter = [lifo < other for lifo, other in found]
    return judge(
        f'a call in list_lifo, and in list_address: {text}',
        yes=(all(shorter), 'It is so for one size and for several.'),
        partly=(any(shorter), 'With one size the block in front fits. With several, a program does '
                'not ask for the size that it has just freed, and blocks that are not in the order '
                'of addresses do not merge, so the list is longer.'),
        no='The other order is searched as fast.')


# ---- records elsewhere

@claim(240, 'Records of free memory outside of the heap cannot begin, since they need memory')
def bootstrap(data):
    names = ('external_array', 'external_unrolled', 'external_tree')
    refused, loan, pages = ([data.example(f'{name}.{what}') for name in names] for what in (
        'without_a_loan', 'with_a_loan', 'pages_of_their_own'))
    return judge(
        f'of an array, an unrolled list and a tree, {sum(refused)} fail at the first request, as '
        f'they ask themselves for the record; {sum(loan)} serve it with a page on loan, and '
        f'{sum(pages)} can take pages without a record',
        yes=(all(refused) and not any(loan), 'No record can be made before there is one.'),
        partly=(all(refused) and all(loan), 'They cannot ask themselves for the first record. It is '
                'enough to have a page for records from mmap(), so the circle has a way out.'),
        no='They work without any other memory.')


# ---- lists in an order

@claim(241, 'malloc() and free() of a naive free list both take linear time')
def naive(data):
    points, text = costs(data, 'list_lifo alloc', 'list_lifo free')
    alloc, free = (is_linear(each) for each in points.values())
    return judge(
        text,
        yes=(alloc and free, 'Both walk the list.'),
        partly=(alloc or free, 'The search is linear. To push a block is not: a free is linear only '
                'in a list that has an order, or that merges.'),
        no='Neither grows with the length of the list.')


@claim(242, 'In a list by decreasing size, the search may take constant time')
def by_size(data):
    points, text = costs(data, 'list_size alloc_whole', 'list_size alloc', 'list_size free')
    whole, alloc, free = points.values()
    return judge(
        f'{text} (alloc_whole leaves no remainder)',
        yes=(is_constant(whole) and is_constant(alloc), 'If the head is too small, all are. The '
             'order is kept by free(), which takes the time that the search no longer does.'),
        partly=(is_constant(whole) and is_linear(free), 'The search is a look at the head. But what '
                'is left of a block has to be put in its place again, and that walks the list, as '
                'a free does.'),
        no='The search walks the list.')


@claim(243, 'To push a block takes constant time, to insert it by address linear time')
def insertion(data):
    points, text = costs(data, '- insert_front', '- insert_sorted', 'list_lifo free',
                         'list_address free')
    front, by_order, lifo, by_address_ = points.values()
    push = is_constant(front) and is_constant(lifo)
    insert = is_linear(by_order) and is_linear(by_address_)
    return judge(
        text,
        yes=(push and insert, 'The place in the order is found by a walk.'),
        partly=(push or insert, 'Only one half of it was seen.'),
        no='To push takes linear time, and to insert does not.')


@claim(244, 'To merge a list without an order takes quadratic time')
def merge_unsorted(data):
    unsorted, ordered = (data.steps('-', f'coalesce_{how}') for how in ('unsorted', 'sorted'))
    return judge(
        f'to merge all of a list: {over(unsorted)}; in the order of addresses: {over(ordered)}',
        yes=(is_quadratic(unsorted) and not is_quadratic(ordered), 'Each block is compared with '
             'each other one. In the order of addresses a neighbour is the next block.'),
        partly=(slope(unsorted) > slope(ordered) + 0.3, 'It grows faster, but not with the '
                'square.'),
        no='It takes no more than a list in order.')


# ---- trees

@claim(245, 'A balanced tree is faster than a list')
def trees(data):
    tree, plain = ({call: dict(data.steps(strategy, call)) for call in ('alloc', 'free')}
                   for strategy in ('tree_double', 'list_address'))
    counts = sorted(set.intersection(*(set(each) for each in (*tree.values(), *plain.values()))))
    if len(counts) < 2:
        raise Missing('steps.csv: too few values of n of tree_double and list_address')
    both = {n: (sum(tree[c][n] for c in tree), sum(plain[c][n] for c in plain)) for n in counts}
    slower = max((n for n in counts if both[n][0] >= both[n][1]), default=0)
    from_n = next((n for n in counts if n > slower), None)
    last = counts[-1]
    since = f'from {from_n:,} free blocks on' if from_n else 'at no number of free blocks'
    return judge(
        f'an allocation and a free at {last:,} free blocks: tree {cycles(both[last][0])}, list '
        f'{cycles(both[last][1])}; at {counts[0]:,}: {cycles(both[counts[0]][0])}, '
        f'{cycles(both[counts[0]][1])}; the tree is faster {since}',
        yes=(both[last][0] < both[last][1] / 2, 'A walk of logarithmic length replaces a linear one.'
             + (' A short list is as fast, because each step of it does less.' if slower else '')),
        partly=(from_n, 'It is faster for long lists, by less than a factor of two.'),
        no='The list is as fast at each length that was measured.')


def judge_tree(data, strategy, linear, why):
    """Judge a tree in which the calls in @linear take linear time, and others logarithmic."""
    points, text = costs(data, f'{strategy} alloc', f'{strategy} free')
    right = [(is_linear if call.split()[1] in linear else is_logarithmic)(found)
             for call, found in points.items()]
    return judge(text, yes=(all(right), why), partly=(any(right), 'Only one of the calls is as '
                 'claimed.'), no='Neither call is as claimed.')


@claim(246, 'A tree by address: malloc() O(n), free() O(log n)')
def by_address(data):
    return judge_tree(data, 'tree_address', ('alloc',), 'Its order helps to find neighbours, not to '
                      'find a size.')


@claim(247, 'A tree by size: malloc() O(log n), free() O(n)')
def tree_by_size(data):
    return judge_tree(data, 'tree_size', ('free',), 'Its order helps to find a size, not to find '
                      'neighbours, which may be anywhere.')


@claim(248, 'Two trees: both calls O(log n), with 40 bytes for the smallest block')
def two_trees(data):
    trees_ = judge_tree(data, 'tree_double', (), '')
    found = data.grow('tree_double', 'tiny')[-1]
    least, node = found.taken / found.asked, data.example('tree_double.smallest_block')
    return judge(
        f"{trees_.measured}; a request for a byte takes {least:.0f} bytes, or 40 without alignment: "
        f"{'yes' if node else 'no'}",
        yes=(trees_.holds == YES and node and least < 56, 'Each question has the tree that answers '
             'it. The node of 40 bytes becomes a block of 48 by the alignment.'),
        partly=(trees_.holds != NO, 'One of the calls grows faster, or the block is larger.'),
        no='Both calls grow faster than with the logarithm.')


@claim(249, 'Fixed sizes are more efficient still')
def fixed_sizes(data):
    found, text = compared(data, ('same', 'mix', 'odd', 'collatz'), 'segregated', 'tree_double')
    lost = [data.use(strategy, 'mix') for strategy in ('segregated', 'tree_double')]
    faster = [fixed < tree for fixed, tree in found]
    return judge(
        f'a call with lists of fixed sizes, and with two trees: {text}; lost by rounding in mix: '
        f'{percent(lost[0].slack, lost[0].asked)} and {percent(lost[1].slack, lost[1].asked)}',
        yes=(all(faster), 'There is nothing to search, to split or to merge. It is paid for with '
             'memory, by rounding.'),
        partly=(sum(faster) > 1, 'They are faster in most workloads.'),
        no='The trees are as fast.')
