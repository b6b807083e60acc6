# SPDX-License-Identifier: GPL-2.0
"""The results of scripts/lab: the CSV files of a directory, and numbers as text.

Results(DIRECTORY) reads a file when it is first asked for. A file that is missing, or has no
lines, is an empty list: what is made of it is then left out, with a sentence that says so.
"""
import csv
import math
import os

# Kinds of strategies, for plots that would have too many lines. Others are 'others'.
FAMILIES = {
    'without a search': ('bump', 'pool'),
    'lists': ('list_lifo', 'list_address', 'list_size', 'list_next_fit', 'list_best_fit',
              'list_worst_fit'),
    'records elsewhere, handles': ('external_array', 'external_unrolled', 'external_tree',
                                   'handles'),
    'trees': ('tree_address', 'tree_size', 'tree_double'),
    'fixed sizes': ('buddy', 'segregated', 'buckets', 'kmalloc_like', 'slab'),
    'for threads': ('global_mutex', 'global_lockfree', 'local', 'owner', 'hoard', 'thread_cache',
                    'arenas'),
    'as programs have them': ('ptmalloc', 'tcmalloc', 'jemalloc', 'supermalloc'),
}
OTHERS = 'others'

# Workloads by what they are like. Those in no group are in tables only.
WORKLOAD_KINDS = {
    'programs': ('list', 'vector', 'collatz'),
    'random sizes': ('same', 'mix', 'odd'),
    'made to fragment': ('checkerboard', 'rising', 'falling', 'sparse', 'robson'),
}

# Allocators of the kernel

KERNEL = ('slabmod', 'slub')

FILES = ('properties', 'table', 'kernel', 'grow', 'steps', 'programs', 'madvise', 'facts', 'real',
         'trace', 'frames', 'claims')


class Missing(Exception):
    """There are no figures for what was asked."""


def number(text):
    """A number, math.inf, or None for '-'"""
    if text in (None, '', '-'):
        return None
    value = float(text)
    return int(value) if value.is_integer() else value


def ratio(of, to):
    return of / to if of is not None and to else None


def mean(values):
    """The geometric mean of what is above 0; None without values"""
    values = [v for v in values if v]
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else None


def family_of(name):
    return next((f for f, names in FAMILIES.items() if name in names), OTHERS)


# ---- numbers as text

def figure(value):
    """Three digits at least: 0.0123, 1.23, 12.3, 1,234"""
    if value is None:
        return '-'
    if math.isinf(value):
        return '\u221e'
    if value == 0 or abs(value) >= 100 or isinstance(value, int):
        return f'{value:,.0f}'
    digits = 2 - math.floor(math.log10(abs(value)))
    return f'{value:.{min(digits, 6)}f}'


def times(value):
    """A ratio such as A/U"""
    if value is None:
        return '-'
    return '\u221e' if math.isinf(value) else f'{value:,.0f}' if value >= 100 else f'{value:.2f}'


def milli(value):
    """Seconds as milliseconds, of which a tenth is what programs.csv has"""
    return '-' if value is None else f'{value * 1000:,.1f}'


def size(value):
    """Bytes: 512 B, 4 KiB, 1.5 MiB"""
    if value is None:
        return '-'
    for unit, name in ((2 ** 30, 'GiB'), (2 ** 20, 'MiB'), (2 ** 10, 'KiB')):
        if value >= unit:
            text = f'{value / unit:.1f}' if value < 100 * unit else f'{value / unit:,.0f}'
            return f"{text.removesuffix('.0')} {name}"
    return f'{value:,.0f} B'


def bounded(rows, x, y, by):
    """{key: [(x, y), ...]} of @rows, by the columns @by; without points that lack a number"""
    lines = {}
    for row in rows:
        at, value = number(row[x]), number(row[y])
        if at is not None and value is not None:
            key = tuple(row[each] for each in by)
            lines.setdefault(key if len(by) > 1 else key[0], []).append((at, value))
    return {key: sorted(points) for key, points in lines.items()}


# ---- the files

class Results:
    def __init__(self, directory):
        self.directory = directory
        self.read = {}

    def rows(self, name):
        """The lines of NAME.csv, each a dict of text"""
        if name not in self.read:
            self.read[name] = self.load(f'{self.directory}/{name}.csv')
        return self.read[name]

    @staticmethod
    def load(path):
        if not os.path.exists(path):
            return []
        with open(path, newline='', encoding='utf-8') as file:
            rows = list(csv.DictReader(file))
        # A line that was cut off lacks columns.
        return [row for row in rows if None not in row.values() and None not in row]

    def need(self, name):
        """The same; raise Missing if there are none"""
        if not self.rows(name):
            raise Missing(f'There is no {name}.csv.')
        return self.rows(name)

    def lines(self, name):
        """The lines of a text file, or []"""
        path = f'{self.directory}/{name}'
        if not os.path.exists(path):
            return []
        with open(path, encoding='utf-8') as file:
            return file.read().splitlines()

    def strategies(self):
        """Names, in the order of the tables"""
        names = [row['strategy'] for file in ('properties', 'table', 'frames')
                 for row in self.rows(file)]
        return list(dict.fromkeys(names))

    def workloads(self, file='table'):
        return list(dict.fromkeys(row['workload'] for row in self.rows(file)))

    def texts(self):
        """A line about each strategy"""
        return {row['strategy']: row['text'] for row in self.rows('properties')}

    def cells(self, file, runner=None):
        """{(strategy, workload): row with numbers} of table.csv, or of kernel.csv"""
        found = {}
        for row in self.rows(file):
            if runner in (None, row.get('runner')):
                found[row['strategy'], row['workload']] = {
                    key: number(value) for key, value in row.items()
                    if key not in ('strategy', 'workload', 'runner')}
        return found

    def runners(self):
        return list(dict.fromkeys(row['runner'] for row in self.rows('kernel')))


def fragmentation(cell):
    """A/U at the moment when most was asked for; None if requests failed"""
    return None if cell is None or cell['failed'] else ratio(cell['taken'], cell['asked'])


def cost(cell):
    """The cycles of a call; None if requests failed"""
    return None if cell is None or cell['failed'] else cell['cycles']


def measures(cells, value, names, workloads):
    """{strategy: {workload: value}}, without what has none"""
    table = {}
    for name in names:
        found = {w: value(cells.get((name, w))) for w in workloads}
        table[name] = {w: v for w, v in found.items() if v is not None}
    return table


def comparable(cells):
    """
    Workloads for means: those of WORKLOAD_KINDS that most strategies end. One that takes a quarter
    of them too long would leave too few to compare.
    """
    workloads = []
    for workload in (w for kind in WORKLOAD_KINDS.values() for w in kind):
        of = [cell for (_, w), cell in cells.items() if w == workload]
        if sum(cell['failed'] is None for cell in of) * 4 < len(of):
            workloads.append(workload)
    return workloads


def compared(found, value):
    """{strategy: mean of @value} over comparable() workloads, of those that serve all of them"""
    workloads = comparable(found.cells('table'))
    table = measures(found.cells('table'), value, found.strategies(), workloads)
    return {name: mean(of.values()) for name, of in table.items()
            if workloads and len(of) == len(workloads)}
