# SPDX-License-Identifier: GPL-2.0
"""Plots of programs that ran with the strategies as their malloc(), see plots.py."""
import gnuplot
import results
import runs
from gnuplot import AMBER, BLUE, GREEN, ORANGE, Series, figure, rows_by

GROUPS = {'strategies for threads': ('for threads',),
          'as programs have them': ('as programs have them',)}


def groups_of(names):
    """Of the libraries, those for threads; the first with glibc, the last with all of the system"""
    groups = {title: [n for n in names if results.family_of(n) in families]
              for title, families in GROUPS.items()}
    first, last = groups
    groups[first] += [n for n in names if n == 'glibc']
    groups[last] += [n for n in names if not runs.is_ours(n)]
    return groups


def over_threads(found, title, along_y, lines):
    """
    Drawings for the groups, of {library: [(threads, value), ...]}. A library has the same colour
    in all.
    """
    for group, names in groups_of(runs.libraries(runs.of_programs(found))).items():
        of = [(name, lines.get(name, [])) for name in names]
        threads_of = {n for _, points in of for n, _ in points}
        if threads_of:
            yield f'{title}, {group}', gnuplot.lines(
                f'{title}: {group}', 'threads', along_y, gnuplot.styled(of), (),
                sorted(threads_of))


def threads(found):
    drawings = []
    for program in ('threadtest', 'larson'):
        lines = {}
        for run in runs.of_program(found, program):
            if runs.per_call(run):
                lines.setdefault(run.library, []).append((run.threads, runs.per_call(run)))
        drawings += over_threads(found, program, 'ns for each call, log scale', lines)
    return figure('threads', '''
        The time of the whole run for each call. With a perfect allocator it falls with the number
        of threads until that is the number of CPUs, and is flat from there on. Lock contention
        makes it rise. threadtest: each thread has objects of its own. larson: threads come and go,
        and free what others have allocated.''', drawings)


def blowup(found):
    drawings = []
    for program, what in (('drift', 'pairs'), ('drift-ring', 'ring')):
        drawings += over_threads(found, what, 'memory by that with one',
                                 runs.blowup(found, program))
    return figure('blowup', '''
        However many threads there are, no more objects are in use than with one. Memory by that
        with one thread is blowup. In pairs, one thread allocates and the other frees; in a ring, a
        thread allocates and the next one frees. Pages that were taken, at most; of glibc and other
        libraries (lib...) it is the largest resident size of the process, code included.''', 
                  drawings)


def is_system(name):
    return not runs.is_ours(name)


def sharing(found):
    drawings = []
    for program in ('sharing-active', 'sharing-passive'):
        of = runs.of_program(found, program)
        most = runs.busiest(found, of)
        at = {run.library: run for run in of if run.threads == most and run.seconds}
        order, labels = rows_by({name: run.seconds for name, run in at.items()}, is_system)
        kinds = (('no line is shared', False, BLUE, 7), ('lines are shared', True, ORANGE, 13))
        series = [Series(text, [(row, at[name].seconds * 1000) for row, name in enumerate(order)
                                if bool(at[name].result) == shared], colour, shape)
                  for text, shared, colour, shape in kinds]
        drawings.append((program, gnuplot.dots(
            f'{program}, {most} threads', 'milliseconds, log scale', labels,
            [one for one in series if one.points])))
    return figure('sharing', '''
        Threads write to objects of their own, of 8 bytes. If two lie in one cache line, CPUs take
        it from each other at each write. Active: each thread allocates its object. Passive: the
        objects were allocated by one thread; each thread frees one and allocates another. The
        allocators of the system are marked. There are as many threads as CPUs, or 2.''', drawings)


def challenge(found):
    drawings = []
    for program in runs.CHALLENGE:
        of = [run for run in runs.of_program(found, *runs.CHALLENGE) if run.program == program]
        for n in runs.threads_of(of):
            at = {run.library: run.seconds * 1000 for run in of if run.threads == n and run.seconds}
            if at:
                order, labels = rows_by(at, is_system)
                series = Series('', [(i, at[name]) for i, name in enumerate(order)], BLUE, 7)
                drawings.append((f'{program}, {n}', gnuplot.dots(
                    f'{program}, {runs.named(n)}', 'milliseconds, log scale', labels, [series],
                    True, at.get('glibc'))))
    return figure('challenge', '''
        Whole programs with each strategy as their malloc(), the fastest at the top. The line is
        glibc, and the allocators of the system are marked: those above a marked row beat it. The
        fastest of the runs counts.''', drawings)


def by_glibc(table, key):
    """{library: {program: value by that with glibc}}"""
    shares = {}
    for (program, name), row in table.items():
        share = results.ratio(runs.value(row, key),
                              runs.value(table.get((program, 'glibc')), key))
        if share:
            shares.setdefault(name, {})[program] = share
    return shares


def real(found):
    table = runs.reals(found)
    columns = list(dict.fromkeys(program for program, _ in table))
    styles = (BLUE, 7), (GREEN, 9), (ORANGE, 13), (AMBER, 5)
    drawings = []
    for key, what in (('seconds', 'Time'), ('rss', 'Resident memory')):
        shares = by_glibc(table, key)
        # Those that failed with a program are the last.
        order, labels = rows_by({name: (len(columns) - len(of), results.mean(of.values()))
                                 for name, of in shares.items()}, is_system)
        series = [Series(program, [(row, shares[name][program]) for row, name in enumerate(order)
                                   if program in shares[name]], *style)
                  for program, style in zip(columns, styles)]
        if shares:
            drawings.append((what, gnuplot.dots(f'{what} by that with glibc', 'log scale', labels,
                                                [s for s in series if s.points], True, 1)))
    if not drawings:
        raise results.Missing('real.csv has no run with glibc to compare with.')
    return figure('real', '''
        Left of the line is better than with glibc. Time of whole runs, and the largest resident
        size of the process. Libraries with which a program was not completed are at the
        bottom.''', drawings)


MAKERS = {'threads': threads, 'blowup': blowup, 'sharing': sharing, 'challenge': challenge,
          'real': real}
