# SPDX-License-Identifier: GPL-2.0
"""The tables of the lab, as data: page.py shows them as HTML, report.py as text.

A maker has a Results, and returns a Table. It raises results.Missing if there are no figures.
"""
import math
from collections import namedtuple

import results
from results import figure, number, size, times

# heat: 0 to 1, from good to bad, or None; mark: best, yes, no, other, or ''
Cell = namedtuple('Cell', 'text heat mark', defaults=(None, ''))
Head = namedtuple('Head', 'text hint', defaults=('',))


class Table:
    """@words: the number of columns at the left that have words, and not figures"""

    def __init__(self, heads, rows, words=1, note=''):
        self.heads = [Head(h) if isinstance(h, str) else h for h in heads]
        self.rows = [[c if isinstance(c, Cell) else Cell(str(c)) for c in row] for row in rows]
        self.words, self.note = words, note


LACKS = {
    'no_free': 'no single frees', 'one_size': 'one size', 'no_merge': 'no merging',
    'no_threads': 'one caller at a time', 'no_return': 'keeps its pages', 'moves': 'moves objects',
    'unaligned': 'less than 16 bytes aligned', 'no_size': 'size is not exact',
    'unbounded': 'unbounded blowup',
}


def strategies(found):
    rows = []
    for row in found.need('properties'):
        lacks = [text for key, text in LACKS.items() if row.get(key, '0') not in ('0', '-', '')]
        rows.append([row['strategy'], row['text'], ', '.join(lacks) or '-', row['lines']])
    return Table(['strategy', 'what it does', 'what it lacks by design', 'lines of code'], rows, 3)


# ---- figures with colours

# A workload of three requests: what it needs is what a strategy takes at the start.
UNCOMPARED = ('example',)


def scale(values):
    """A function from a value to its heat, on a log scale from the least to nearly the most"""
    values = sorted(v for v in values if v and v > 0 and not math.isinf(v))
    if not values:
        return lambda value: None
    low, high = values[0], values[int((len(values) - 1) * 0.95)]
    wide = math.log(high / low) if high > low * 1.05 else math.inf

    def heat(value):
        if not value or value <= 0:
            return None
        return min(max(math.log(value / low) / wide, 0), 1) if not math.isinf(value) else 1
    return heat


def best_of(column, text):
    """The least of a column as text; None if more than three share it"""
    known = [v for v in column if v is not None]
    least = text(min(known)) if known else None
    return least if [text(v) for v in known].count(least) <= 3 < len(known) else None


def heated(values, text, plain=()):
    """
    Rows of cells of rows of numbers or None. The least of each column is marked. Columns that are
    in @plain have no colours.
    """
    heat = scale(v for row in values for i, v in enumerate(row) if i not in plain)
    best = [None if i in plain else best_of(column, text) for i, column in enumerate(zip(*values))]
    for row in values:
        yield [Cell(text(v), None if i in plain else heat(v),
                    'best' if v is not None and text(v) == best[i] else '')
               for i, v in enumerate(row)]


def matrix(cells, value, names, columns, text):
    """Rows: a name, and the value in each column"""
    names = [n for n in names if any((n, c) in cells for c in columns)]
    values = [[value(cells.get((n, c))) for c in columns] for n in names]
    plain = [i for i, c in enumerate(columns) if c in UNCOMPARED]
    return [[n, *row] for n, row in zip(names, heated(values, text, plain))]


def memory(found):
    found.need('table')
    workloads = found.workloads()
    rows = matrix(found.cells('table'), results.fragmentation, found.strategies(), workloads, times)
    return Table(['strategy', *workloads], rows)


def cycles(found):
    found.need('table')
    workloads = found.workloads()
    rows = matrix(found.cells('table'), results.cost, found.strategies(), workloads, figure)
    return Table(['strategy', *workloads], rows)


PARTS = {'asked': 'asked for', 'slack': 'more than asked', 'free': 'free',
         'overhead': 'headers, metadata, lost'}


def parts(found, workload):
    """{strategy: [share of each of PARTS]} of the pages at the peak of a workload"""
    shares = {}
    for (name, of), cell in found.cells('table').items():
        if of == workload and cell['taken'] and not cell['failed']:
            shares[name] = [(cell[part] or 0) / cell['taken'] for part in PARTS]
    return shares


def use(found, workload='mix'):
    found.need('table')
    rows = [[name, *(f'{share:.1%}' for share in shares)]
            for name, shares in parts(found, workload).items()]
    return Table(['strategy', *PARTS.values()], rows)


# ---- the kernel

def runner_unit(runner):
    return 'instructions' if runner.startswith('icount') else 'cycles'


def mark_kernel(rows):
    for row in rows:
        if row[0] in results.KERNEL:
            row[0] = Cell(row[0], None, 'kernel')


def kernel(found, runner=None, value=results.cost, text=figure):
    found.need('kernel')
    runner = runner or found.runners()[0]
    cells = found.cells('kernel', runner)
    rows = matrix(cells, value, [*results.KERNEL, *found.strategies()], found.workloads('kernel'),
                  text)
    mark_kernel(rows)
    return Table(['allocator', *found.workloads('kernel')], rows)


def kernel_memory(found):
    return kernel(found, None, results.fragmentation, times)


# ---- n

# The strategy "-" is any that moves no objects: it needs so much at least.
LEAST = 'any, at least'


def largest(found):
    """{(adversary, strategy): row of grow.csv with the largest n}"""
    last = {}
    for row in found.need('grow'):
        key = row['adversary'], row['strategy']
        if key not in last or number(row['n']) > number(last[key]['n']):
            last[key] = row
    return last


def worst(found):
    """A/U of each strategy and adversary at the largest n, and the bound"""
    last = largest(found)
    names = list(dict.fromkeys(name for _, name in last))
    adversaries = list(dict.fromkeys(adversary for adversary, _ in last))
    shares = {key: results.ratio(number(row['taken']), number(row['asked']))
              for key, row in last.items()}
    heat = scale(shares.values())
    rows = []
    for name in names:
        row = [LEAST if name == '-' else name]
        for key in ((adversary, name) for adversary in adversaries):
            share = shares.get(key)
            bound = None if share is None else number(last[key]['bound'])
            row.append(Cell(times(share) + (f' / {times(bound)}' if bound is not None else ''),
                            heat(share)))
        rows.append(row)
    return Table(['strategy', *adversaries], rows)


def grow(found):
    """The largest n of each strategy and adversary, beside what theory allows"""
    rows = []
    for (adversary, name), row in sorted(largest(found).items()):
        share = results.ratio(number(row['taken']), number(row['asked']))
        bound = number(row['bound'])
        part = None if bound in (None, math.inf) else results.ratio(share, bound)
        rows.append([adversary, LEAST if name == '-' else name, figure(number(row['n'])),
                     size(number(row['asked'])), size(number(row['taken'])), times(share),
                     'none' if bound == math.inf else times(bound),
                     Cell(times(part), None if part is None else min(max(part - 0.5, 0), 1))])
    return Table(['adversary', 'strategy', 'n', 'asked (U)', 'taken (A)', 'A/U', 'bound of A/U',
                  'of the bound'], rows, 2, '''A bound is of theory, and of blocks. Pages that are
        used in part, and caches of threads, come on top of it.'''.replace('\n       ', ''))


def exponent(points):
    """The slope of log cycles over log n; None with too few points"""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(logs) < 2:
        return None
    mx, my = (sum(axis) / len(logs) for axis in zip(*logs))
    spread = sum((x - mx) ** 2 for x, _ in logs)
    return sum((x - mx) * (y - my) for x, y in logs) / spread if spread else None


def order(slope):
    """The exponent in words. The logarithm of 100 to 100,000 is a slope of 0.13."""
    if slope is None:
        return Cell('-')
    word = 'flat' if slope < 0.05 else 'a little' if slope < 0.5 else 'n' if slope < 1.5 else 'more'
    return Cell(f'{word} {slope:.2f}', min(max(slope, 0), 1.5) / 1.5)


# Calls of all strategies
CALLS = {'alloc': 'the block that is found last is the only one that is large enough',
         'free': 'the block has the place in the order that is found last',
         'alloc_fixed': 'of the size that all n free blocks have',
         'free_fixed': 'of that size, the one with the highest address',
         'free_any': 'of that size, the mean of several anywhere'}
# Those of some, and of lists and trees alone
PARTS_OF = {'hit': 'a block of the right order is free',
            'alloc_whole': 'nothing is left of the block that is cut',
            'alloc_remote': 'another thread has freed n objects',
            'slide': 'n objects of 1 KiB move'}


RISES = Head('rises', 'slope on log scales')


def step_lines(found):
    """{(strategy, call): [(n, cycles), ...]}"""
    found.need('steps')
    return results.bounded(found.rows('steps'), 'n', 'cycles', ('strategy', 'call'))


def step_cells(points):
    return [figure(points[0][1]), figure(points[-1][1]), order(exponent(points))] if points else [
        '-'] * 3


def steps(found):
    lines = step_lines(found)
    calls = [call for call in CALLS if any(c == call for _, c in lines)]
    heads = ['strategy']
    for call in calls:
        heads += [Head(f'{call}: least n', CALLS[call]), 'most n', RISES]
    names = dict.fromkeys(name for name, call in lines if call in CALLS)
    return Table(heads, [[name, *(cell for call in calls for cell in step_cells(
        lines.get((name, call))))] for name in names])


def steps_others(found):
    lines = {key: points for key, points in step_lines(found).items() if key[1] not in CALLS}
    rows = [[call.replace('_', ' '), 'a list or a tree alone' if name == '-' else name,
             PARTS_OF.get(call, ''), *step_cells(points)] for (name, call), points in lines.items()]
    if not rows:
        raise results.Missing('steps.csv has no others.')
    return Table(['call', 'of', '', 'least n', 'most n', RISES], rows, 3)
