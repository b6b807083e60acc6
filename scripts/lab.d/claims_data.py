# SPDX-License-Identifier: GPL-2.0
"""What claims are judged by: the figures of a directory of results, and the tools to judge them.

A claim is a function with the decorator @claim(NUMBER, WORDING). It gets a Data, and returns what
judge() returns. A figure that does not exist raises Missing, and a figure that this machine cannot
give ('-' in its file) raises Unknown: the claim then is not measured.
"""
import math
import os
import re
from collections import namedtuple

from results import Results, figure, number

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What programs.py calls the system's allocators
GLIBC, JEMALLOC, TCMALLOC, MIMALLOC = 'glibc', 'libjemalloc', 'libtcmalloc', 'libmimalloc'
SYSTEM = (GLIBC, JEMALLOC, TCMALLOC, MIMALLOC)
# What it says in place of a result, for a run without figures
SLOW = 'slow'
# Exactly counted instructions, of the columns of kernel.csv
EXACT = 'icount-6.1'

YES, NO, PARTLY, NOT_MEASURED = 'yes', 'no', 'partly', 'not measured'

Verdict = namedtuple('Verdict', 'measured holds why')
Claim = namedtuple('Claim', 'number text judge')
# One run of a workload, at the moment when most was asked for
Use = namedtuple('Use', 'operations failed cycles longest asked taken slack free overhead most end')
# A program with a malloc(). seconds is inf if it was stopped as too slow.
Run = namedtuple('Run', 'seconds peak end rss takes result')
# A real program; seconds and rss, in KiB, are None if it had no result
Real = namedtuple('Real', 'seconds rss status')
# How memory grows with n against an adversary; bound is None where theory has none
Growth = namedtuple('Growth', 'n asked taken bound')

CLAIMS = {}


class Missing(Exception):
    """The results lack a figure that they should have."""


class Unknown(Exception):
    """This machine does not give the figure."""


class BadEvidence(Exception):
    """A claim names a file or a test that does not exist."""


def claim(n, text):
    """Register a function as what judges a claim."""
    def add(function):
        assert n not in CLAIMS, n
        CLAIMS[n] = Claim(n, text, function)
        return function
    return add


def judge(measured, *, yes=None, partly=None, no):
    """
    Return a Verdict. @yes and @partly are a condition and a reason, and @no is the reason if
    neither condition is true.
    """
    for holds, case in ((YES, yes), (PARTLY, partly)):
        if case and case[0]:
            return Verdict(measured, holds, case[1])
    return Verdict(measured, NO, no)


# ---- figures as text

def percent(part, whole):
    return f'{100 * part / whole:.0f} %'


def cycles(value):
    return f'{figure(round(value, 1))} cycles'


def seconds(value):
    return 'stopped as too slow' if math.isinf(value) else f'{value:.3f} s'


def times(value):
    return 'no end' if math.isinf(value) else f'{value:.2f}' if value < 100 else f'{value:,.0f}'


# ---- how a cost grows

# Free blocks up to which they, and what leads to them, fit in the caches of most machines. With
# more, each line that a call touches may come from memory: that is no walk, but looks like one.
CACHED = 10000
# Cycles that a constant call, and each level of a tree, may cost within the caches
CONSTANT, LEVEL = 300, 200


def slope(points):
    """The exponent e of n^e that fits points (n, cost) best, by least squares of the logarithms"""
    points = [(math.log(n), math.log(max(cost, 1))) for n, cost in points]
    if len(points) < 2:
        raise Missing('steps.csv: fewer than two values of n')
    mean_x, mean_y = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    return (sum((x - mean_x) * (y - mean_y) for x, y in points) /
            sum((x - mean_x) ** 2 for x, _ in points))


def in_caches(points):
    return [point for point in points if point[0] <= CACHED]


def is_constant(points):
    """Whether a call costs about the same, or so little that it cannot have walked n blocks"""
    near = in_caches(points)
    return near[-1][1] <= max(CONSTANT, 3 * near[0][1])


def is_logarithmic(points):
    """Whether a call costs no more than the levels of a tree of n blocks"""
    near = in_caches(points)
    return near[-1][1] <= LEVEL * math.log2(near[-1][0]) and slope(near) < 0.75


def is_linear(points):
    """Whether a call grows at least as n does"""
    return slope(points) > 0.75


def is_quadratic(points):
    return slope(points) > 1.6


def over(points):
    """From what to what a cost goes, as text"""
    near = in_caches(points)
    some = list(dict.fromkeys([points[0], near[-1] if near else points[0], points[-1]]))
    texts = [f'{figure(round(cost))} at {n:,}' for n, cost in some]
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def beyond_caches(*several):
    """A sentence about constant calls that cost more with more blocks, or nothing"""
    grow = any(points[-1][1] > 3 * max(in_caches(points)[-1][1], 10) for points in several)
    return ' With more, the few lines that a call touches are not in the caches.' if grow else ''


# ---- the figures

class Data:
    """The figures of a directory. All that claims read, they read here."""

    def __init__(self, directory):
        self.found = Results(directory)
        self.tables = {}

    # -- rows

    def rows(self, file, *keys):
        """{values of the columns @keys: row} of a file"""
        if (file, keys) not in self.tables:
            rows = self.found.rows(file)
            if not rows:
                raise Missing(f'{file}.csv is missing or has no lines')
            self.tables[file, keys] = {tuple(row[key] for key in keys): row for row in rows}
        return self.tables[file, keys]

    def row(self, file, **where):
        """The row with these values"""
        row = self.rows(file, *where).get(tuple(str(value) for value in where.values()))
        if row is None:
            raise Missing(f"{file}.csv has no row {', '.join(str(v) for v in where.values())}")
        return row

    @staticmethod
    def number(file, row, column):
        value = number(row[column])
        if value is None:
            names = [text for text in row.values() if text and not re.match(r'[\d.-]', text)]
            raise Unknown(f"{file}.csv: {' '.join(names[:2])} has no figure for {column} here")
        return value

    # -- files

    def fact(self, name):
        return self.number('facts', self.row('facts', name=name), 'value')

    def experiment(self, name):
        return self.number('experiments', self.row('experiments', name=name), 'value')

    def use(self, strategy, workload, file='table', **where):
        """A workload that the strategy has served"""
        row = self.row(file, **where, strategy=strategy, workload=workload)
        use = Use(*(self.number(file, row, column) for column in Use._fields))
        if use.failed:
            raise Unknown(f'{file}.csv: {strategy} does not serve {workload}')
        return use

    def costs(self, workload, *strategies):
        """
        What a call costs each strategy: in instructions, which are exact, if the kernel has counted
        them for all, and otherwise in cycles. And the word for which of the two it is
        """
        try:
            return [self.use(name, workload, 'kernel', runner=EXACT).cycles
                    for name in strategies], 'instructions'
        except (Missing, Unknown):
            return [self.use(name, workload).cycles for name in strategies], 'cycles'

    def trace(self, strategy, column):
        return self.number('trace', self.row('trace', strategy=strategy), column)

    def steps(self, strategy, call):
        """[(n, cycles)], in the order of n"""
        rows = self.rows('steps', 'strategy', 'call', 'n')
        points = [(number(n), number(row['cycles'])) for (name, what, n), row in rows.items()
                  if (name, what) == (strategy, call)]
        points = sorted(point for point in points if point[1] is not None)
        if not points:
            raise Missing(f'steps.csv has no rows of {strategy}, {call}')
        return points

    def grow(self, strategy, adversary):
        """[Growth], in the order of n"""
        rows = self.rows('grow', 'strategy', 'adversary', 'n')
        found = [Growth(*(number(row[column]) for column in Growth._fields))
                 for key, row in rows.items() if key[:2] == (strategy, adversary)]
        if not found:
            raise Missing(f'grow.csv has no rows of {strategy}, {adversary}')
        return sorted(found)

    def madvise(self, way, huge, column):
        return self.number('madvise', self.row('madvise', way=way, huge=huge), column)

    def run(self, program, library, threads=1):
        """A run that had a result, or was stopped as too slow"""
        where = {'program': program, 'library': library, 'threads': threads}
        try:
            row = self.row('programs', **where)
        except Missing:
            if library in SYSTEM and self.rows('programs', *where):
                raise Unknown(f'{library} is not installed') from None
            raise
        if row['result'] == SLOW:
            return Run(math.inf, None, None, None, None, SLOW)
        if not re.fullmatch(r'-?\d+', row['result']):
            raise Missing(f"programs.csv: {program} with {library}: {row['result']}")
        return Run(*(number(row[column]) for column in Run._fields))

    def memory(self, program, library, threads=1):
        """The most bytes that a strategy had taken for a program"""
        run = self.run(program, library, threads)
        if run.peak is None:
            raise Unknown(f'programs.csv: {program} with {library} has no figure for memory')
        return run.peak

    def libraries(self, file='programs'):
        return list(dict.fromkeys(library for library, in self.rows(file, 'library')))

    def real(self):
        """{(program, library): Real}"""
        return {key: Real(number(row['seconds']), number(row['rss']), row['status'])
                for key, row in self.rows('real', 'program', 'library').items()}

    def lines_of(self, strategy):
        """The lines of its file"""
        row = self.row('properties', strategy=strategy)
        return self.number('properties', row, 'lines')

    def checks(self, name):
        """{label: whether it passed} of conform.out or examples.out, without what was skipped"""
        lines = self.found.lines(name)
        found = {}
        for line in lines:
            match = re.match(r'(not ok|ok)(?: \d+)?(?: -)? ([^:#]+)', line)
            if match and '# SKIP' not in line:
                found[match[2].strip()] = match[1] == 'ok'
        if not found:
            raise Missing(f'{name} is missing or has no lines')
        return found

    def conforms(self, strategy, check):
        checks, name = self.checks('conform.out'), f'{strategy}.{check}'
        if name not in checks:
            raise Missing(f'conform.out has no line {name}')
        return checks[name]

    def example(self, name):
        checks = self.checks('examples.out')
        if name not in checks:
            raise Missing(f'examples.out has no line {name}')
        return checks[name]

    def example_figures(self, name, pattern):
        """The numbers of a line "# NAME: ..." of examples.out"""
        for line in self.found.lines('examples.out'):
            match = re.match(rf'# {name}: {pattern}', line)
            if match:
                return [int(text) for text in match.groups()]
        raise Missing(f'examples.out has no line of {name}')

    def cpus(self):
        return self.fact('cpus')

    def two_cpus(self):
        if self.cpus() < 2:
            raise Unknown('this machine has one CPU')


# ---- what the repository shows

def exists(path, name=None):
    """Check that a file exists, and that it has the name. Return how it is cited."""
    file = os.path.join(TOP, path)
    if not os.path.exists(file):
        raise BadEvidence(f'there is no {path}')
    if name:
        with open(file, encoding='utf-8') as text:
            if not re.search(rf'\b{re.escape(name)}\b', text.read()):
                raise BadEvidence(f'{path} has no {name}')
    return f'{name} of {path}' if name else path


def kunit(path, name):
    """Likewise for a case of KUnit, which must be in the suite too."""
    cited = exists(path, name)
    with open(os.path.join(TOP, path), encoding='utf-8') as text:
        run = rf'_CASE(?:_PARAM)?\({re.escape(name)}\b|_CASE\({name[5:]}\)'
        if not re.search(run, text.read()):
            raise BadEvidence(f'{path} does not run {name}')
    return cited
