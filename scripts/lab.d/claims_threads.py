# SPDX-License-Identifier: GPL-2.0
"""Claims on several threads: contention, heaps of threads, caches of threads, arenas.

threadtest and larson divide their work among the threads, so a speedup is the time of one thread
by that of several. The number of threads is that of CPUs, because more do not run at once.
"""
import math

from claims_data import Unknown, claim, cycles, exists, is_linear, judge, over, seconds, times
from results import size

# Threads with which programs.py runs them
COUNTS = (2, 4, 8)
# What is given for free by noise
SOME = 1.25
# Calls of malloc() and free() for each object that a program counts
CALLS = 2
# Locks of a call. Those of caches are taken for batches.
LOCKS = {'global_mutex': 1, 'arenas': 1, 'hoard': 1}


def at_once(data):
    """The most threads that have a CPU each"""
    data.two_cpus()
    return max(n for n in COUNTS if n <= data.cpus())


def lock_cost(data, library, calls):
    """
    What locks cost for which no thread waits, in seconds. The C library leaves most of it out as long
    as there is one thread, so that a second thread would seem to gain less than it does.
    """
    cycles_ = data.fact('lock_pair') - data.fact('lock_pair_alone')
    return LOCKS.get(library, 0) * calls * cycles_ / data.fact('clock_rate')


def speedup(data, library, program='threadtest'):
    one, many = (data.run(program, library, n) for n in (1, at_once(data)))
    if math.isinf(one.seconds):
        raise Unknown(f'{program} with {library} is too slow to measure')
    return (one.seconds + lock_cost(data, library, one.result * CALLS)) / many.seconds


def speeds(data, *libraries, program='threadtest'):
    """Their speedups, and a text"""
    found = [speedup(data, library, program) for library in libraries]
    text = ', '.join(f'{name} {value:.2f}' for name, value in zip(libraries, found))
    return found, (f'speedup of {program} with {at_once(data)} threads, if one thread paid for its '
                   f'locks: {text}')


def blowup(data, library, program, threads):
    """The memory that a library needs with so many threads, by that with one"""
    return data.memory(program, library, threads) / data.memory(program, library, 1)


# ---- caches and migration

def warm(data):
    same, other = data.fact('warm_same_cpu'), data.fact('warm_other_cpu')
    return same, other, (f'data that were just written cost {cycles(same)} an access on the same '
                         f'CPU, {cycles(other)} on another one')


@claim(220, 'Data that are warm on one CPU are cold on another')
def warm_data(data):
    same, other, text = warm(data)
    return judge(
        text,
        yes=(other > 2 * same, 'The lines are in the caches of the first CPU. A block that is '
             'freed to the list of another CPU starts cold there.'),
        no='The CPUs seem to share the cache that has the data.')


@claim(221, 'Heaps of threads do not remove the effect of migration')
def migration(data):
    same, other, text = warm(data)
    lines = data.run('sharing-passive', 'local', 2).result
    return judge(
        f'{text}; after memory has changed hands, local has {lines} lines shared by two threads',
        yes=(other > 2 * same, 'A thread that moves leaves its cache behind, whichever heap its '
             'memory is from. No allocator took part in the first figure.'),
        no='A thread that moves finds its data in a cache.')


# ---- contention

@claim(222, 'Heaps of threads reduce contention')
def less_contention(data):
    (one, own), text = speeds(data, 'global_mutex', 'local')
    return judge(
        text,
        yes=(own > SOME * one, 'Threads with a heap each do not wait for each other.'),
        no='The heaps of threads gain no more by a second CPU than one heap with a lock.')


def unlocked(data):
    """How many calls of threadtest lead to the lock of the arena, with local"""
    run = data.run('threadtest', 'local', 1)
    return run.takes, run.result * CALLS


@claim(223, 'Threads on different CPUs need not synchronise if each CPU has a heap')
def no_synchronisation(data):
    (own,), text = speeds(data, 'local')
    correct = data.conforms('local', 'threads_at_once')
    (takes, calls) = unlocked(data)
    return judge(
        f"{text}; local passes the check with four threads: {'yes' if correct else 'no'}; "
        f'{takes:.0f} of {calls:,.0f} calls took a lock, for new pages',
        yes=(correct and takes < calls / 100 and own > 1.3, 'A heap that only its own thread '
             'touches needs no lock. The price is what becomes of memory that another thread '
             'frees: see 262 and 264.'),
        partly=(correct and takes < calls / 100, 'It is correct without locks, but time did not '
                'fall with another CPU.'),
        no='Without synchronisation objects are damaged, or a part of the calls locks '
           'nevertheless.')


@claim(258, 'The time of a call stays the same with more threads, unless they contend for a lock')
def scalability(data):
    n = at_once(data)
    count = 4 if n >= 4 else 2
    own, one = (data.fact(f'lock_{which}_{count}') / data.fact(f'lock_{which}_1')
                for which in ('own', 'one'))
    (lock, heaps), text = speeds(data, 'global_mutex', 'local')
    return judge(
        f'{count} threads: a call under a lock of its own takes {times(own)} times as long as with '
        f'one thread, under one lock {times(one)} times; {text}',
        yes=(one > 2 * own and heaps > SOME * lock, 'Without a common lock the CPUs work side by '
             'side; with one, they pass it and its line to each other.'),
        partly=(one > 2 * own or heaps > SOME * lock, 'The lock and the allocators do not agree '
                'here.'),
        no='A common lock makes no difference.')


@claim(281, 'One lock around one structure keeps threads from allocating in parallel')
def one_lock(data):
    (lock,), text = speeds(data, 'global_mutex')
    count = min(at_once(data), 4)
    slower = data.fact(f'lock_one_{count}') / data.fact('lock_one_1')
    return judge(
        f'{text}; {count} threads at one lock: {times(slower)} times the time of a call',
        yes=(lock < 1.2, 'Another CPU does not make the program faster: the calls happen one after '
             'another, and the lock has to move as well.'),
        partly=(lock < 0.75 * at_once(data), 'It is a bit faster, because threads also do other '
                                             'things.'),
        no='The program is as much faster as there are CPUs.')


@claim(259, 'One heap has a blowup of 1, and is slow')
def global_heap(data):
    worst = max(blowup(data, 'global_mutex', program, n) for program in ('drift', 'drift-ring')
                for n in COUNTS)
    n = at_once(data)
    lock, heaps = (data.run('threadtest', library, n).seconds
                   for library in ('global_mutex', 'local'))
    return judge(
        f'at most {worst:.2f} times the memory of one thread in drift, with up to 8; threadtest '
        f'takes {seconds(lock)} with {n} threads, {seconds(heaps)} with local',
        yes=(worst < 1.1 and lock > 1.5 * heaps, 'What one thread frees, any other can have. All '
             'wait for the same lock, and search the same list.'),
        partly=(worst < 1.1 or lock > 1.5 * heaps, 'Only one half of it was seen.'),
        no='It needs more memory with more threads, and is not slower.')


@claim(260, 'To acquire a lock costs about as much as an access to the second cache')
def cost_of_lock(data):
    exchange, pair = data.fact('exchange'), data.fact('lock_pair')
    cache, alone = data.fact('access_l2'), data.fact('lock_pair_alone')
    taken = data.fact('lock_one_2') if data.cpus() > 1 else None
    contended = f'; when two threads want it, {cycles(taken)}' if taken else ''
    return judge(
        f'an access to the second cache takes {cycles(cache)}, an atomic exchange '
        f'{cycles(exchange)}, lock and unlock {cycles(pair)}, or {cycles(alone)} while there is '
        f'one thread{contended}',
        yes=(cache / 3 < pair / 2 < 3 * cache, 'Half of lock and unlock is near to it, as long as '
             'no other thread wants the lock. If one does, its line is fetched from another CPU, '
             'and that is far more.'),
        partly=(cache / 10 < pair / 2 < 10 * cache, 'It is of that order.'),
        no='The two are more than a factor of ten apart.')


# ---- local heaps, and owners

@claim(261, 'A local heap needs no locks')
def no_locks(data):
    correct, (takes, calls) = data.conforms('local', 'threads_at_once'), unlocked(data)
    return judge(
        f'{takes:.0f} of {calls:,.0f} calls of threadtest go to the arena, which has a lock; four '
        'threads at '
        f"once: {'no error' if correct else 'errors'}",
        yes=(correct and takes < calls / 100, 'The lists of a heap belong to one thread. Only new '
             'pages come from a place that all share.'),
        partly=(correct, 'The heap has no lock, but it takes pages so often that the lock beneath '
                         'it counts.'),
        no='Objects are damaged when there are several threads.')


@claim(262, 'The blowup of local heaps has no bound if other threads free')
def drift(data):
    short, long = (data.memory(program, 'local', 2) for program in ('drift', 'drift-long'))
    one, four = (data.memory(program, 'global_mutex', 2) for program in ('drift', 'drift-long'))
    grown = data.grow('local', 'drift')
    factor = grown[-1].taken / grown[0].taken
    return judge(
        f'with four times the rounds, local takes {times(long / short)} times the memory '
        f'({size(long)}), and one heap {times(four / one)}; in {grown[-1].n} rounds against one it '
        f'grows by {times(factor)}',
        yes=(long > 2 * short and factor > grown[-1].n / grown[0].n / 2, 'All that the second '
             'thread frees stays with it, and it never asks for any. So memory grows with the '
             'rounds, although no more is in use.'),
        no='The memory does not grow with the number of rounds.')


@claim(263, 'Local ownership is fast for local objects')
def local_objects(data):
    n = at_once(data)
    owner, local, lock = (data.run('threadtest', library, n).seconds
                          for library in ('owner', 'local', 'global_mutex'))
    return judge(
        f'threadtest with {n} threads: owner {seconds(owner)}, local {seconds(local)}, '
        f'global_mutex {seconds(lock)}',
        yes=(owner < 2 * local and owner < lock / 1.5, 'An object that its owner frees takes the '
             'same path as in a heap without owners: the label is read, and no lock is taken.'),
        partly=(owner < lock / 1.2, 'It is faster than one heap, but the label costs something.'),
        no='It is no faster than one heap with a lock.')


@claim(264, 'Local ownership has to synchronise when another thread frees')
def remote_frees(data):
    data.two_cpus()
    here, shared = data.fact('atomic_none_2'), data.fact('atomic_line_2')
    collects = data.steps('owner', 'alloc_remote')
    code = exists('mod/lab/strategies/owner.c', 'push_remote')
    return judge(
        f'{code} is a loop of compare and exchange; an atomic operation takes {cycles(here)} on a '
        f'line of the CPU, {cycles(shared)} on one that two CPUs write; the allocation that collects '
        f'what others freed: {over(collects)}',
        yes=(shared > SOME * here, 'A list that several threads push to needs an atomic operation, '
             'on a line that the owner reads as well. The owner has the rest of the work.'),
        partly=(is_linear(collects), 'It has to, but the operation itself costs no more than a '
                'local one here. The owner pays when it collects the list.'),
        no='It has to, but neither thread pays for it here.')


@claim(265, 'Local ownership has a blowup of at most P')
def owner_blowup(data):
    found = {n: blowup(data, 'owner', 'drift-ring', n) for n in COUNTS}
    text = ', '.join(f'{times(found[n])} with {n}' for n in found)
    return judge(
        f'threads that allocate in turns, and free what the last one had: {text}',
        yes=(all(found[n] < 1.15 * n for n in found) and found[8] > 1.5, 'Each heap keeps as much '
             'as it once needed, and the heaps needed it one after another: that is P times the '
             'memory, and no more.'),
        partly=(all(found[n] < 1.15 * n for n in found), 'It is not above P, but the program did '
                'not come near it.'),
        no='It is above P.')


# ---- caches of threads

@claim(282, 'A cache for each thread greatly reduces contention for the global list')
def cache_contention(data):
    (lock, cache), text = speeds(data, 'global_mutex', 'thread_cache')
    n = at_once(data)
    one, many = (data.run('threadtest', library, n).seconds
                 for library in ('global_mutex', 'thread_cache'))
    return judge(
        f'{text}; {seconds(many)} instead of {seconds(one)}',
        yes=(many < one / 2 and cache > SOME * lock, 'Most calls are served by the cache and do '
             'not come to the lock.'),
        partly=(many < one / 1.5, 'It is faster, but not by the number of CPUs.'),
        no='It is not clearly faster than the list alone.')


@claim(283, 'A cache gives a thread good locality, because it uses the same blocks again')
def cache_locality(data):
    once, again = data.use('bump', 'collatz').most, data.use('thread_cache', 'collatz').most
    last, first = data.fact('reuse_lifo'), data.fact('reuse_fifo')
    return judge(
        f'all blocks of the Collatz chains are {size(once)}, and come from {size(again)}; a block '
        f'that was freed last takes {cycles(last)} to write, one from the far end of a long list '
        f'{cycles(first)}',
        yes=(again < once / 10 and first > 2 * last, 'The memory that is used in turn is small '
             'enough for the caches of a CPU.'),
        partly=(again < once / 10, 'The same blocks are used again, but that is not faster here.'),
        no='The blocks are not used again.')


@claim(284, 'With caches of threads, the global lock is still a bottleneck')
def cache_bottleneck(data):
    (cache, own), text = speeds(data, 'thread_cache', 'local')
    (large, free), other = speeds(data, 'thread_cache', 'local', program='larson')
    return judge(
        f'{text}; {other}',
        yes=(cache < 0.75 * own or large < 0.75 * free, 'What overflows a cache, and what it does '
             'not have, goes through one lock. Where there is much of that, threads wait there, '
             'and heaps without a lock gain more.'),
        no='With as many threads as there are CPUs here, the lock is not taken often enough to '
           'matter.')


@claim(285, 'Caches of threads raise fragmentation, because blocks in them do not merge')
def cache_fragmentation(data):
    names = ('mix', 'odd', 'collatz', 'same')
    ratios = {}
    for name in names:
        cache, plain = (data.use(strategy, name) for strategy in ('thread_cache', 'list_address'))
        ratios[name] = (cache.taken / cache.asked) / (plain.taken / plain.asked)
    text = ', '.join(f'{times(ratios[name])} for {name}' for name in names)
    return judge(
        f'A/U of thread_cache by that of list_address, the same list without caches: {text}',
        yes=(max(ratios.values()) > 1.1 and min(ratios.values()) > 0.9, 'A block in a cache is '
             'free, but no part of a larger one. Where sizes do not differ much, nothing would '
             'merge anyway, and the figures are close.'),
        no='It needs no more memory than the list alone.')


# ---- arenas

@claim(288, 'With an arena for each thread there is no contention, but for frees by other threads')
def enough_arenas(data):
    (arenas, own, lock), text = speeds(data, 'arenas', 'local', 'global_mutex')
    return judge(
        text,
        yes=(arenas > 0.75 * own and arenas > SOME * lock, 'A thread finds the lock of its arena '
             'free. It is still taken, and a thread that frees what another allocated takes the '
             'lock of that arena.'),
        partly=(arenas > SOME * lock, 'It is less than with one lock, but some remains.'),
        no='The arenas gain no more by a second CPU than one heap.')


@claim(289, 'Arenas fit well with buckets: the data of a block tell a free where to go')
def arenas_with_buckets(data):
    correct = data.conforms('arenas', 'threads_at_once')
    fields = exists('mod/lab/span.h', 'owner')
    memory = max(blowup(data, 'arenas', 'drift', n) for n in COUNTS)
    return judge(
        f"threads that free each other's objects: {'no error' if correct else 'errors'} "
        f"({fields}); with up to 8 "
        f'threads in drift, {times(memory)} times the memory of one',
        yes=(correct and memory < 2, 'The span that an address leads to names its arena, so any '
             'thread can free, under the lock of that arena, and memory does not drift.'),
        partly=(correct, 'It works, but the arenas need more memory when others free.'),
        no='Objects are damaged.')
