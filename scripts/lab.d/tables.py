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


def kernel(found, runner=None, value=results.cost, text=figure):
    found.need('kernel')
    runner = runner or found.runners()[0]
    cells = found.cells('kernel', runner)
    rows = matrix(cells, value, [*results.KERNEL, *found.strategies()], found.workloads('kernel'),
                  text)
    for row in rows:
        if row[0] in results.KERNEL:
            row[0] = Cell(row[0], None, 'kernel')
    return Table(['allocator', *found.workloads('kernel')], rows)


def kernel_memory(found):
    return kernel(found, None, results.fragmentation, times)


# ---- n

# The strategy "-" is any that moves no objects: it needs so much at least.
LEAST = 'any, at least'


def grow(found):
    """The largest n of each strategy and adversary, beside what theory allows"""
    last = {}
    for row in found.need('grow'):
        key = row['adversary'], row['strategy']
        if key not in last or number(row['n']) > number(last[key]['n']):
            last[key] = row
    rows = []
    for (adversary, name), row in sorted(last.items()):
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
    """The slope on log scales over the upper half of the range of n; None with too few points"""
    points = [(x, y) for x, y in points if x > 0 and y > 0]
    points = points[len(points) // 2 - 1:] if len(points) > 3 else points
    if len(points) < 2:
        return None
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mx, my = (sum(axis) / len(logs) for axis in zip(*logs))
    spread = sum((x - mx) ** 2 for x, _ in logs)
    return sum((x - mx) * (y - my) for x, y in logs) / spread if spread else None


def order(slope):
    """The exponent in words; 'none' is within what noise and caches add"""
    if slope is None:
        return Cell('-')
    word = 'flat' if slope < 0.3 else 'in between' if slope < 0.7 else 'about n' if (
        slope < 1.4) else 'more than n'
    return Cell(f'{slope:+.2f}, {word}', min(max(slope, 0), 1.5) / 1.5)


def steps(found):
    found.need('steps')
    lines = results.bounded(found.rows('steps'), 'n', 'cycles', ('strategy', 'call'))
    calls = list(dict.fromkeys(call for _, call in lines))
    heads = ['strategy']
    for call in calls:
        heads += [f'{call}: least n', 'most n', Head('power of n', 'slope on log scales')]
    rows = []
    for name in dict.fromkeys(name for name, _ in lines):
        row = [name]
        for call in calls:
            points = lines.get((name, call))
            row += [figure(points[0][1]), figure(points[-1][1]),
                    order(exponent(points))] if points else ['-'] * 3
        rows.append(row)
    return Table(heads, rows)
