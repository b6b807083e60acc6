#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Plots of the results of scripts/lab, by gnuplot.

usage: plots.py OUT    of OUT/*.csv: OUT/plot-FIGURE-DRAWING.svg

A figure is one drawing or several of the same kind. One for which there are no results is left out.
"""
import glob
import os
import re
import sys

import gnuplot
import plots_runs
import results
import tables
from gnuplot import BLUE, GREEN, ORANGE, PINK, SKY, Series, figure
from results import FAMILIES, KERNEL, WORKLOAD_KINDS, number

KIND_STYLES = dict(zip(WORKLOAD_KINDS, ((BLUE, 7), (GREEN, 9), (ORANGE, 13))))


# ---- of table.csv and kernel.csv

def front(points):
    """Those for which no other is better in one respect, and at least as good in the other"""
    return {name for name, x, y in points if not any(
        a <= x and b <= y and (a, b) != (x, y) for _, a, b in points)}


def tradeoff(found):
    found.need('table')
    cost = results.compared(found, results.cost)
    share = results.compared(found, results.fragmentation)
    points = [(name, cost[name], share[name]) for name in cost if name in share]
    if len(points) < 2:
        raise results.Missing('Fewer than two strategies serve all workloads.')
    workloads = ', '.join(results.comparable(found.cells('table')))
    return figure('tradeoff', f'''
        Further left is faster, and further down is smaller. No strategy is better in one respect
        than those on the dashed line without being worse in the other. Geometric means over
        {workloads}, of those strategies that serve all of these: cycles of a call, and pages for
        each byte in use (A/U) when most was asked for.''', [(
            'Memory against time', gnuplot.named_points(
                'Memory against time: means over the workloads', 'cycles of a call',
                'A/U', points, front(points)))])


def by_kind(cells, value, names, title, along, at=None, mark=()):
    """
    A row for each of @names, with a dot for each workload, sorted by the mean of those that can be
    compared. Names that lack one of these are the last.
    """
    known = {workload for _, workload in cells}
    shown = {kind: [w for w in of if w in known] for kind, of in WORKLOAD_KINDS.items()}
    every = [w for of in shown.values() for w in of]
    found = results.measures(cells, value, names, every)
    found = {name: values for name, values in found.items() if values}
    means = results.comparable(cells)
    order = sorted(found, key=lambda name: (
        any(w not in found[name] for w in means),
        results.mean([found[name].get(w) for w in means or every]) or 0))
    series = [Series(kind, [(row, found[name][w]) for row, name in enumerate(order)
                            for w in of if w in found[name]], *KIND_STYLES[kind])
              for kind, of in shown.items()]
    labels = [gnuplot.MARK + name if name in mark else name for name in order]
    return gnuplot.dots(title, along, labels, [s for s in series if s.points], True, at)


def memory(found):
    found.need('table')
    return figure('memory', '''
        A dot is a workload, and a row a strategy, the best on average at the top, and those that
        were stopped or refused requests at the bottom. Left: pages for each byte in use, A/U, when
        most was asked for; 1 would be no waste. Right: cycles of a call on average, by the
        processor's clock, of the middle of five runs. Workloads with requests that failed have no
        dot.''', [
            ('A/U of each workload', by_kind(
                found.cells('table'), results.fragmentation, found.strategies(),
                'Pages for each byte in use', 'A/U, log scale', 1)),
            ('Cycles of each workload', by_kind(
                found.cells('table'), results.cost, found.strategies(),
                'Time of a call', 'cycles, log scale'))])


PART_COLOURS = (BLUE, SKY, '#BDBDBD', PINK)


def use_of(found, workload):
    shares = tables.parts(found, workload)
    return f'Pages of {workload}', gnuplot.bars(
        f'{workload}: what pages are used for', 'of A, when most was asked for', list(shares),
        tables.PARTS.values(), PART_COLOURS, list(shares.values()))


def use(found, name, workloads):
    found.need('table')
    shown = [w for w in workloads if tables.parts(found, w)]
    if not shown:
        raise results.Missing('There are no figures of these workloads.')
    return figure(name, '''
        Dark is what was asked for: the longer, the better. "More than asked" is internal
        fragmentation, and "free" is external as far as it is of no use. Headers, the strategy's own
        data and what is in no list are the rest. Counted by a walk over the arena at the moment
        when most was asked for.''', [use_of(found, w) for w in shown])


USUAL = ('list', 'mix', 'odd', 'checkerboard')


def use_usual(found):
    return use(found, 'use', USUAL)


def use_others(found):
    return use(found, 'use-others', [w for w in found.workloads()
                                     if w not in USUAL and w != 'example'])


def kernel(found):
    found.need('kernel')
    names = [*found.strategies(), *KERNEL]
    drawings = []
    for runner in found.runners():
        unit = tables.runner_unit(runner)
        drawings.append((f'{runner}: {unit} of each workload', by_kind(
            found.cells('kernel', runner), results.cost, names, f'{runner}: {unit} of a call',
            f'{unit}, log scale', None, KERNEL)))
    return figure('kernel', '''
        The same files, compiled for the kernel, beside slabmod and SLUB, which are marked. A dot is
        a workload; strategies that were stopped or refused requests are at the bottom. In icount
        the emulator counts instructions, so that figures are exact and the same in each run. In uml
        the kernel is a process, and they are cycles.''', drawings)


# ---- against n

def alike(points, others):
    return len(points) == len(others) and all(
        x == a and abs(y - b) <= 0.02 * max(y, b) for (x, y), (a, b) in zip(points, others))


def merged(lines):
    """[(names, points), ...]: lines that agree to 2 % are one"""
    groups = []
    for name, points in lines.items():
        for names, others in groups:
            if alike(points, others):
                names.append(name)
                break
        else:
            groups.append(([name], points))
    return groups


def title_of(names):
    return names[0] if len(names) == 1 else f'{names[0]} and {len(names) - 1} alike'


SHOWN = 6


def worst(adversary, lines, bounds):
    """The lines that end highest have a name, and their bounds are dashed."""
    least = lines.get('-')
    groups = sorted(merged({n: points for n, points in lines.items() if n != '-'}),
                    key=lambda group: -group[1][-1][1])
    series = [Series('others' if i == 0 else '', points, '#A8A8A8', None)
              for i, (_, points) in enumerate(groups[SHOWN:])]
    for one in gnuplot.styled([(title_of(names), points) for names, points in groups[:SHOWN]]):
        series.append(one)
    drawn, high = [], 4 * max(y for points in lines.values() for _, y in points)
    for one, (names, _) in zip(gnuplot.styled(groups[:SHOWN]), groups[:SHOWN]):
        bound = [(n, b) for n, b in bounds.get(names[0], []) if b <= high]
        if bound and not any(alike(bound, others) for others in drawn):
            drawn.append(bound)
            series.append(Series('bound' if len(drawn) == 1 else '', bound, one.colour, None, 3))
    if least:
        series.append(Series(tables.LEAST, least, gnuplot.BLACK, None, 4))
    return adversary, gnuplot.lines(
        adversary, 'n, log scale', 'A/U, log scale', series)


def grow(found):
    rows = [dict(row, share=str(results.ratio(number(row['taken']), number(row['asked'])) or '-'))
            for row in found.need('grow')]
    shares = results.bounded(rows, 'n', 'share', ('adversary', 'strategy'))
    bounds = results.bounded(rows, 'n', 'bound', ('adversary', 'strategy'))
    by_adversary = {}
    for (adversary, name), points in shares.items():
        by_adversary.setdefault(adversary, {})[name] = points
    return figure('grow', '''
        Each drawing is a sequence of calls that is made to need as much memory as possible. n says
        how hard it tries: see the table. A line is a strategy, and a dashed line the bound that
        theory has for the strategy of the same colour; where none is dashed, there is none, or it
        is far above. Lines that agree to 2 % are one. Any strategy that moves no objects needs at
        least what the black line says.''', [
            worst(adversary, lines, {name: points for (of, name), points in bounds.items()
                                     if of == adversary})
            for adversary, lines in by_adversary.items()])


def step_drawings(lines, calls):
    """A drawing for each family and call, all with the same scale"""
    values = [cycles for points in lines.values() for _, cycles in points]
    for family in [*FAMILIES, results.OTHERS]:
        for call in calls:
            of = [(name, points) for (name, c), points in lines.items()
                  if c == call and name != '-' and results.family_of(name) == family]
            if of:
                yield f'{call}, {family}', gnuplot.lines(
                    f'{call}: {family}', 'n, log scale', 'cycles, log scale',
                    gnuplot.styled(of), values)


def steps(found):
    return figure('steps', '''
        The worst case of each. alloc: n free blocks are too small, and the one that is found last
        is the only one that is large enough. free: the block has the place in the order that is
        found last. A flat line is O(1). A line that rises by a factor of ten for each ten times n
        is O(n), and that of a tree rises a little. All drawings have the same scale. Cycles of one
        call, which has just been made in the same state, so that all it needs is in a cache if it
        fits there: where it does not, lines rise too.''', step_drawings(
            tables.step_lines(found), ('alloc', 'free')))


def steps_fixed(found):
    drawings = list(step_drawings(tables.step_lines(found),
                                  ('alloc_fixed', 'free_fixed', 'free_any')))
    if not drawings:
        raise results.Missing('steps.csv has no calls of one size.')
    return figure('steps-fixed', '''
        The same if all blocks have one size. alloc_fixed: one of that size. free_fixed: the block
        with the highest address. free_any: the mean of several blocks anywhere.''', drawings)


def steps_parts(found):
    lines = tables.step_lines(found)
    values = [cycles for points in lines.values() for _, cycles in points]
    alone, some = [], []
    for (name, call), points in lines.items():
        if name == '-':
            alone.append((call.replace('_', ' '), points))
        elif call not in tables.CALLS:
            some.append((f"{name}: {call.replace('_', ' ')}", points))
    drawings = [(title, gnuplot.lines(title, 'n, log scale', 'cycles, log scale',
                                      gnuplot.styled(of), values)) for title, of in (
        ('lists and trees alone', alone), ('of some strategies', some)) if of]
    if not drawings:
        raise results.Missing('steps.csv has no parts of lists and trees.')
    return figure('steps-parts', '''
        What strategies are made of: a cell is inserted into a list or a tree of n, deleted from it
        or searched for, and neighbours are merged. Beside it calls that only some strategies have:
        see the table.''', drawings)


def trace(found):
    of = {row['strategy']: row for row in found.need('trace') if row['failed'] == '0'}
    drawings = []
    for title, values, at in (
            ('Pages for each byte in use', {n: results.ratio(number(r['taken']), number(r['asked']))
                                            for n, r in of.items()}, 1),
            ('Cycles of a call', {n: number(r['cycles']) for n, r in of.items()}, None)):
        values = {name: value for name, value in values.items() if value}
        order, labels = gnuplot.rows_by(values)
        series = Series('', [(i, values[name]) for i, name in enumerate(order)], BLUE, 7)
        drawings.append((title, gnuplot.dots(title, 'log scale', labels, [series], True, at)))
    return figure('trace', '''
        Allocations and frees that a kernel made while it was in use, recorded and played back to
        each strategy. A/U when most was asked for, and cycles of a call on average. Strategies that
        refused a request are left out.''', drawings)


MAKERS = {'tradeoff': tradeoff, 'memory': memory, 'use': use_usual, 'use-others': use_others,
          'kernel': kernel, 'grow': grow, 'steps': steps, 'steps-fixed': steps_fixed,
          'steps-parts': steps_parts, 'trace': trace, **plots_runs.MAKERS}


def figures(found, names=MAKERS):
    """{name: Figure}, or the sentence that says why there is none"""
    made = {}
    for name in names:
        try:
            made[name] = MAKERS[name](found)
        except results.Missing as missing:
            made[name] = str(missing)
    return made


def slug(title):
    return re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')


def write(made, out):
    """Draw all, and return {name: [path, ...]}"""
    paths, drawings = {}, []
    for name, of in made.items():
        if isinstance(of, str):
            continue
        paths[name] = [f'{out}/plot-{name}-{slug(title)}.svg' for title, _ in of.drawings]
        drawings += [(path, drawing) for path, (_, drawing) in zip(paths[name], of.drawings)]
    gnuplot.draw(drawings)
    return paths


def main(out):
    for old in glob.glob(f'{glob.escape(out)}/plot-*.svg'):
        os.remove(old)
    write(figures(results.Results(out)), out)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
