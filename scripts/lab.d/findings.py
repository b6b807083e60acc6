# SPDX-License-Identifier: GPL-2.0
"""What the results say: which strategy is best at what, computed from the figures.

A finding is a question, a short answer, and a sentence with the figures.
"""
import statistics
from collections import namedtuple

import plots
import results
import runs
import tables
import tables_text
from results import WORKLOAD_KINDS, figure, milli, number, size, times

Finding = namedtuple('Finding', 'question answer text')

# Ratios closer to 1 are no difference.
NOISE = 0.02
OF_RUNS = 0.05	# of the time of a program

# Without these, a strategy is no malloc().
NEEDED = ('no_free', 'one_size', 'moves')


def general(found):
    """Names of the strategies that can do what a malloc() must"""
    lacking = {row['strategy'] for row in found.rows('properties')
               if any(row.get(key, '0') not in ('0', '-', '') for key in NEEDED)}
    return [name for name in found.strategies() if name not in lacking]


def ranked(values, names=None):
    """[(name, value), ...] from the least on"""
    return sorted(((n, v) for n, v in values.items() if names is None or n in names),
                  key=lambda pair: pair[1])


def listed(pairs, text):
    return ', '.join(f'{name} {text(value)}' for name, value in pairs)


def joined(words):
    words = list(words)
    return ' and '.join(filter(None, [', '.join(words[:-1]), words[-1]])) if words else 'none'


# ---- the workloads

def least_memory(found):
    order = ranked(results.compared(found, results.fragmentation), general(found))
    yield Finding('Which needs the least memory?', order[0][0], f'''
        Pages for each byte in use, the mean over all workloads: {listed(order[:4], times)}; the
        most need {listed(order[:-3:-1], times)}.''')


def least_time(found):
    every = ranked(results.compared(found, results.cost))
    order = ranked(dict(every), general(found))
    text = f'Cycles of a call, the mean over all workloads: {listed(order[:4], figure)}.'
    if every[0][0] != order[0][0]:
        text += (f' Only {every[0][0]} is faster, with {figure(every[0][1])}, but it lacks what a '
                 'malloc() needs.')
    yield Finding('Which is the fastest?', order[0][0], text)


def best_of_both(found):
    cost = dict(ranked(results.compared(found, results.cost), general(found)))
    share = results.compared(found, results.fragmentation)
    points = [(n, cost[n], share[n]) for n in cost if n in share]
    best = sorted(plots.front(points), key=lambda n: cost[n])
    each = '; '.join(f'{n} {figure(cost[n])} cycles, A/U {times(share[n])}' for n in best)
    yield Finding('Which are the best compromises?', joined(best), f'''
        For {'each of these' if len(best) > 1 else 'this one'}, no other strategy is both faster and
        smaller: {each}.''')


def worst_case(found):
    cells = found.cells('table')
    workloads = [w for w in WORKLOAD_KINDS['made to fragment'] if w in results.comparable(cells)]
    table = results.measures(cells, results.fragmentation, general(found), workloads)
    worst = {n: max(of.values()) for n, of in table.items()
             if workloads and len(of) == len(workloads)}
    order = ranked(worst)
    if order:
        yield Finding('Which has the mildest worst case?', order[0][0], f'''
            The largest A/U on {joined(workloads)}: {listed(order[:4], times)}; and
            {listed(order[:-3:-1], times)} at the other end.''')


# ---- the kernel

def beside(ours, theirs):
    """Of {workload: value}: in how many of how many ours is less, and the median ratio"""
    ratios = {w: ours[w] / theirs[w] for w in ours if theirs.get(w)}
    if not ratios:
        return None
    low, high = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
    return (sum(r < 1 - NOISE for r in ratios.values()), len(ratios), f'''slabmod divided by
        SLUB: the median is {times(statistics.median(ratios.values()))}, from {times(ratios[low])}
        ({low}) to {times(ratios[high])} ({high})''')


def kernel(found):
    for runner in found.runners():
        cells = found.cells('kernel', runner)
        workloads = [w for w in found.workloads('kernel') if w not in tables.UNCOMPARED]
        for value, what in ((results.cost, tables.runner_unit(runner)),
                            (results.fragmentation, 'pages for each byte')):
            table = results.measures(cells, value, results.KERNEL, workloads)
            said = beside(table['slabmod'], table['slub'])
            if said and (runner == found.runners()[0] or value is results.cost):
                fewer, of, text = said
                yield Finding(f'Does slabmod need fewer {what} than SLUB? ({runner})',
                              'yes' if fewer == of else 'no' if not fewer else
                              f'on {fewer} of {of} workloads', f'{text}.')


def kernel_trace(found):
    """slabmod beside SLUB, with what a kernel really allocates"""
    rows = {(row['runner'], row['strategy']): row for row in found.need('kernel-trace')}
    for runner in dict.fromkeys(runner for runner, _ in rows):
        ours, theirs = (rows.get((runner, name)) for name in results.KERNEL)
        if ours and theirs and None not in (number(ours['cycles']), number(theirs['cycles'])):
            cost = number(ours['cycles']) / number(theirs['cycles'])
            share = number(ours['most']) / number(theirs['most'])
            yield Finding(f'And with a recorded trace of a kernel? ({runner})',
                          f'{times(cost)} of the time, {times(share)} of the memory', f'''
                slabmod needs {figure(number(ours['cycles']))}, and SLUB
                {figure(number(theirs['cycles']))} {tables.runner_unit(runner)} of a call. They
                take {size(number(ours['most']))} and {size(number(theirs['most']))} at most.''')


# ---- programs

def beaten(program, n, seconds, names):
    """Whether a strategy of @names is faster than glibc, and than the others of the system"""
    ours = ranked(seconds, names)
    theirs = ranked({k: v for k, v in seconds.items() if not runs.is_ours(k)})
    if not ours or 'glibc' not in seconds:
        return
    faster = [name for name, value in ours if value < seconds['glibc'] * (1 - OF_RUNS)]
    ratio = ours[0][1] / theirs[0][1]
    best = theirs[0][0]
    verdict = ('yes' if ratio < 1 - OF_RUNS else f'{best} is reached' if ratio <= 1 + OF_RUNS else
               f'glibc is, {best} is not' if faster else 'no')
    yield Finding(f"Is the system's allocator beaten on {program}? ({runs.named(n)})", verdict, f'''
        The fastest are {listed(ours[:3], milli)} ms, and of the system's
        {listed(theirs, milli)} ms. Faster than glibc: {len(faster)} of the {len(ours)} strategies
        that can do what a malloc() must.''')


def challenge(found):
    of = runs.of_program(found, *runs.CHALLENGE)
    for program, n in dict.fromkeys((run.program, run.threads) for run in of):
        yield from beaten(program, n, {run.library: run.seconds for run in of if run.seconds and
                                       (run.program, run.threads) == (program, n)}, general(found))


def threads(found):
    for program in ('threadtest', 'larson'):
        of = runs.of_program(found, program)
        most = max(runs.threads_of(of))
        costs = {run.library: runs.per_call(run) for run in of
                 if run.threads == most and runs.per_call(run)}
        ours = ranked(costs, general(found))
        theirs = ranked({n: v for n, v in costs.items() if not runs.is_ours(n)})
        if ours:
            yield Finding(f'Which is the fastest with {most} threads? ({program})', ours[0][0], f'''
                Nanoseconds for each call: {listed(ours[:4], figure)}; of the system's
                {listed(theirs, figure)}.''')


def drift(found):
    more = {n: v for n, v in runs.rounds(found, 'drift').items() if runs.is_ours(n)}
    rising = ranked({n: v for n, v in more.items() if v > 1.5})
    others = sorted(v for v in more.values() if v <= 1.5)
    text = 'Memory with four times the rounds, by that with the usual ones: '
    text += listed(rising, times) or 'none more than 1.5'
    if others:
        text += f'; of the others at most {times(others[-1])}'
    yield Finding('Which need more memory with each round, if one thread frees what another '
                  'allocates?', joined(name for name, _ in rising), text + '.')


def real(found):
    shares = {}
    table = runs.reals(found)
    for (program, name), row in table.items():
        share = results.ratio(runs.value(row, 'seconds'), runs.value(table.get((program, 'glibc')),
                                                                     'seconds'))
        if share:
            shares.setdefault(name, []).append(share)
    complete = {n: results.mean(of) for n, of in shares.items()
                if len(of) == max(map(len, shares.values()))}
    ours = ranked(complete, general(found))
    theirs = ranked({n: v for n, v in complete.items() if not runs.is_ours(n)})
    if ours:
        yield Finding('Which is the fastest for real programs?', ours[0][0], f'''
            Time by that with glibc, the mean of
            {joined(dict.fromkeys(program for program, _ in table))}: {listed(ours[:4], times)}; of
            the system's {listed(theirs, times)}.''')


def claims(found):
    counted = tables_text.counts(found)
    every = sum(counted.values())
    yield Finding(f'Do the {every} claims of the lectures hold?', f"{counted['yes']} of {every} do",
                  ', '.join(f'{word}: {n}' for word, n in counted.items()) + '.')


MAKERS = (least_memory, least_time, best_of_both, worst_case, kernel, kernel_trace, challenge,
          threads, drift, real, claims)


def findings(found):
    """All findings for which there are figures"""
    made = []
    for maker in MAKERS:
        try:
            made += [f._replace(text=' '.join(f.text.split())) for f in maker(found)]
        except (results.Missing, IndexError):
            # Without a file, or without one strategy that serves all workloads
            continue
    return made
