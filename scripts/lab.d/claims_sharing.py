# SPDX-License-Identifier: GPL-2.0
"""Claims on false sharing, and on Hoard."""
from claims_data import GLIBC, Missing, claim, judge, percent, seconds, times
from claims_threads import at_once, speeds
from results import size

HEAPS = ('local', 'owner', 'hoard')


def lines_of(data, kind, library):
    """Cache lines with objects of two threads"""
    return data.run(f'sharing-{kind}', library, 2).result


# ---- false sharing

@claim(226, 'False sharing slows down more than linearly')
def super_linear(data):
    data.two_cpus()
    counts = (2, 4) if data.cpus() >= 4 else (2,)
    atomic = {n: data.fact(f'atomic_line_{n}') / data.fact('atomic_line_1') for n in counts}
    plain = {n: data.fact(f'plain_line_{n}') / data.fact('plain_line_1') for n in counts}
    text = '; '.join(f'{n} threads: {times(atomic[n])} times with atomic writes, {times(plain[n])} '
                     'with plain ones'
                     for n in counts)
    return judge(
        f'time for a write, by that of one thread; {text}',
        yes=(all(min(atomic[n], plain[n]) > 1.1 * n for n in counts), 'More threads do less in all '
             'than one: each write waits until the line comes from the other CPU.'),
        partly=(all(max(atomic[n], plain[n]) > 1.1 * n for n in counts), 'It depends on the '
                'writes. An atomic one waits for the line, so that more threads do less in all '
                'than one; plain ones are collected by the CPU until it has the line.'),
        no='The threads together are not slower than one after another.')


@claim(227, 'An object for each cache line prevents false sharing, and wastes a lot')
def padding(data):
    data.two_cpus()
    apart, line = (data.fact(f'atomic_{how}_2') / data.fact(f'atomic_{how}_1')
                   for how in ('none', 'line'))
    width, node = data.fact('line_size'), 24
    return judge(
        f'two threads write {times(line)} times as slowly as one if they share a line, '
        f'{times(apart)} times if not; a node of {node} bytes then takes {width:.0f}, and '
        f'{percent(width - node, width)} is lost',
        yes=(line > 2 * apart and node < width / 2, 'Threads that write to different lines do not '
             'meet. The room that remains in each line is internal fragmentation.'),
        no='The line makes no difference, or a node fills it.')


@claim(229, 'There is no active false sharing if the objects of a line go to one processor')
def active(data):
    found = {name: lines_of(data, 'active', name) for name in ('global_mutex',) + HEAPS}
    text = ', '.join(f'{name} {n}' for name, n in found.items())
    return judge(
        f'lines with objects of two threads that allocate in turns: {text}',
        yes=(found['global_mutex'] and not any(found[name] for name in HEAPS), 'One list gives '
             'neighbours to threads in turn. Heaps of threads get their lines as a whole.'),
        no='A heap of a thread shares lines with others, or one list does not.')


@claim(230, 'Passive false sharing appears after objects moved to another thread and were freed')
def passive(data):
    before = lines_of(data, 'active', 'local')
    after = {name: lines_of(data, 'passive', name) for name in HEAPS}
    text = ', '.join(f'{name} {n}' for name, n in after.items())
    return judge(
        f'local: {before} shared lines while each thread uses its own; after each freed what '
        f'another had allocated: {text}',
        yes=(not before and after['local'], 'A heap that keeps what its thread frees uses parts of '
             'lines, and other threads have the rest. If objects return to their owner, the line '
             'is whole again.'),
        no='Frees by another thread make no difference.')


@claim(228, 'Hoard avoids most false sharing; objects of the global heap can still cause it')
def hoard_sharing(data):
    own = {kind: lines_of(data, kind, 'hoard') for kind in ('active', 'passive')}
    plain = lines_of(data, 'active', 'global_mutex')
    moved = data.experiment('hoard_global_lines')
    return judge(
        f"shared lines: active {own['active']}, passive {own['passive']} (one list: {plain}); "
        "after a superblock has come "
        f'to a second thread from the global heap: {moved:.0f}',
        yes=(not any(own.values()) and plain and moved, 'Superblocks belong to one heap at a time. '
             'One that moves takes along objects that the first thread still uses, beside those '
             'that the second one gets.'),
        partly=(not any(own.values()) and plain, 'No shared line was seen, not even by way of the '
                                                 'global heap.'),
        no='Hoard shares lines although no superblock has moved, or one list does not share any.')


@claim(266, 'Local ownership resists false sharing')
def owner_sharing(data):
    owner = {kind: lines_of(data, kind, 'owner') for kind in ('active', 'passive')}
    others = {name: lines_of(data, 'passive', name) for name in ('global_mutex', 'local')}
    text = ', '.join(f'{name} {n}' for name, n in others.items())
    return judge(
        f"shared lines of owner: active {owner['active']}, passive {owner['passive']}; passive, of "
        f"others: {text}",
        yes=(not any(owner.values()) and all(others.values()), 'An object goes back to the heap '
             'that the rest of its line belongs to.'),
        partly=(max(owner.values()) < max(others.values()), 'There is less than with the others.'),
        no='It shares as many lines as the others.')


# ---- Hoard

@claim(267, 'Hoard is fast and scales')
def hoard_fast(data):
    (hoard, _), text = speeds(data, 'hoard', 'global_mutex')
    n = at_once(data)
    own, glibc, one = (data.run('threadtest', name, n).seconds
                       for name in ('hoard', GLIBC, 'global_mutex'))
    fast, scales = own < one / 1.5 and own < 3 * glibc, hoard > 1.4
    return judge(
        f'{text}; with {n} threads: hoard {seconds(own)}, glibc {seconds(glibc)}, global_mutex '
        f'{seconds(one)}',
        yes=(fast and scales, 'Each heap has its own lock, which its thread finds free, and '
                              'superblocks move seldom.'),
        partly=(fast or scales, 'It is fast, or it scales, but not both: the lock of a heap is '
                'taken by each call, even if it is free.'),
        no='It is neither fast nor faster with more CPUs.')


@claim(268, 'Hoard needs A = O(U + S P), so the blowup is 1 + O(S P / U)')
def hoard_bound(data):
    half, turns = data.grow('hoard', 'half'), data.grow('hoard', 'handover')
    first, last = half[0], half[-1]
    kept = all(each.taken <= 1.1 * each.bound * each.asked for each in half + turns)
    return judge(
        f'A/U is {times(first.taken / first.asked)} at U = {size(first.asked)} and '
        f'{times(last.taken / last.asked)} at {size(last.asked)}; with {turns[-1].n} heaps in '
        f'turns, {times(turns[-1].taken / turns[-1].asked)} of at most {times(turns[-1].bound)}',
        yes=(kept and last.taken < 1.2 * last.asked, 'Both hold: what is unused becomes small '
             'beside U.'),
        partly=(kept, 'A is O(U + S P). But superblocks may all be half full, so A/U stays near 2 '
                'however large U is: the second bound does not follow from the first.'),
        no='A is above the bound of theory.')


@claim(269, "Hoard: the global heap never holds more than the local heaps' maximum")
def hoard_lemma(data):
    most, local = data.experiment('hoard_global_most'), data.experiment('hoard_local_most')
    moved = data.experiment('hoard_moved')
    return judge(
        f'maxima over {moved:.0f} moves of superblocks: {size(most)} in the global heap, '
        f'{size(local)} in the others together',
        yes=(0 < most <= local, 'What is in the global heap was in a local one before. Neither '
             'maximum is that of one moment, and the notes name none.'),
        partly=(most == 0, 'Nothing came to the global heap, so nothing was tested.'),
        no='The global heap held more.')


@claim(270, 'Hoard: the invariant of each heap holds after every call')
def hoard_invariant(data):
    checked, broken = data.experiment('hoard_checks'), data.experiment('hoard_broken')
    moved, counted = data.experiment('hoard_moved'), data.experiment('hoard_violations')
    if not checked:
        raise Missing('experiments.csv: the invariant was never checked')
    return judge(
        f'{broken:.0f} of {checked:,.0f} checks from outside failed, and {counted:.0f} of its own; '
        f'{moved:.0f} superblocks moved',
        yes=(not broken and not counted and moved, 'It holds for each class of sizes of each heap. '
             'A free that would break it moves superblocks, the emptiest first.'),
        partly=(not broken and not counted, 'It holds, but no free was about to break it.'),
        no='Some heap had too much unused.')


@claim(271, 'Only whole superblocks move between heaps')
def whole_superblocks(data):
    moved, foreign = data.experiment('hoard_moved'), data.experiment('hoard_foreign')
    objects = data.experiment('hoard_objects_moved')
    return judge(
        f'{moved:.0f} superblocks moved, with {objects:.0f} objects in use; {foreign:.0f} objects '
        'were allocated from the superblock of another heap',
        yes=(not foreign and moved, 'The owner is a field of the superblock, so a move changes one '
             'word, and a heap has nothing to give but what is in its superblocks.'),
        partly=(not foreign, 'No superblock moved.'),
        no='A heap has single objects of a superblock that belongs to another one.')
