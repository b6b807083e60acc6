#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The results of scripts/bench: results.csv, memory.csv and runs.csv in a directory.

usage: results.py merge DIR RUNNER [--whole]
    puts what DIR/RUNNER.out and DIR/RUNNER.out.run say into these files. Rows of
    cases that were measured anew are replaced, with --whole all of the runner's.
"""
import csv
import os
import re
import sys
from collections import namedtuple

HEADER = 'runner,case,allocator,cpus,metric,value,unit'.split(',')
MOMENTS = 'runner,case,allocator,step,asked,held'.split(',')
RUNS = 'runner,cases,kernel,options,commit,date,cpu,compiler,emulator'.split(',')

# The runners in the order of the tables
RUNNERS = ['icount-6.1', 'icount-6.1-zeroed', 'icount-6.1-default', 'icount-7.2', 'icount-arm64',
           'uml-6.1', 'uml-7.2', 'kvm-6.1', 'kvm-7.2', 'memory-6.1', 'memory-7.2', 'scale-6.1',
           'scale-nodes-6.1']
THREADS = {'remote', 'larson', 'threadtest', 'active', 'passive'}
COSTS = ('insn_per_op', 'cycles_per_op')
# What cases measure that have no cost, by the beginning of their names
KINDS = {'mem': 'memory', 'frag': 'fragments', 'scale': 'scale', 'pause': 'pauses',
         'tail': 'tail'}
COUNTS = ('locks_per_op', 'atomics_per_op', 'slow_per_op', 'irqs_off_max', 'preempt_off_max')
TAIL = [f'{call}_{point}' for call in ('alloc', 'free')
        for point in ('p50', 'p99', 'p999', 'p9999', 'max')]
NEEDED = {'fragments': ('whole_2m_blocks', 'ideal_2m_blocks', 'areas_in_use'),
          'scale': ('stepped_per_op',) + COUNTS, 'pauses': ('stepped_per_op',) + COUNTS,
          'tail': TAIL}
BYTES = ('asked_peak', 'held_peak', 'asked_end', 'held_end')

# Cases other than pause-* whose pauses are shown
PAUSES = re.compile(r'batch-(77|5003)-shuffled-(?!9000)|pages-batch-(77|1000)-shuffled-o0|bulk-'
                    r'|mix-sizes|caches-|replay')

LINE = re.compile(r'[a-z0-9-]+,(slub|kernel-pages|slabmod|slabmod-pages),\d+,'
                  r'[a-z0-9_]+,-?\d+(\.\d+)?,[a-z0-9/]+')
MEMORY_LINE = re.compile(r'# memory ([a-z0-9-]+,(slub|slabmod),\d+,\d+,-?\d+)')

Row = namedtuple('Row', HEADER)
# The memory held at a step of a case, and requested
Moment = namedtuple('Moment', MOMENTS)
Run = namedtuple('Run', RUNS)


def side_of(allocator):
    return 'slabmod' if allocator.startswith('slabmod') else 'kernel'


class Case:
    """The values of a case on a runner with a number of CPUs: value(metric, side)."""

    def __init__(self, runner, name, cpus):
        self.runner, self.name, self.cpus = runner, name, cpus
        self.values = {}

    def add(self, row):
        self.values[row.metric, side_of(row.allocator)] = float(row.value)

    def value(self, metric, side):
        return self.values.get((metric, side))

    def ratio(self, metric):
        """
        slabmod's value by the kernel's. None where there is none, and where a native run
        found that an allocator costs no more than nothing does.
        """
        kernel, ours = self.value(metric, 'kernel'), self.value(metric, 'slabmod')
        return ours / kernel if kernel and ours and min(kernel, ours) > 0 else None

    @property
    def cost(self):
        """The metric that is the case's cost on this runner"""
        return next((m for m in COSTS if (m, 'kernel') in self.values), None)

    @property
    def kind(self):
        """What it measures: cost, memory, fragments, scale, pauses or tail"""
        return KINDS.get(self.name.split('-')[0], 'cost')

    @property
    def label(self):
        return self.name if self.cpus == 1 else f'{self.name}, {self.cpus} CPUs'

    @property
    def family(self):
        first = self.name.split('-')[0]
        return 'threads' if first in THREADS or 'both' in self.name else first


def read(path, kind):
    """The lines of a CSV file with a valid header; none if it does not exist"""
    if not os.path.exists(path):
        return []
    with open(path, newline='', encoding='utf-8') as file:
        lines = csv.reader(file)
        head = next(lines, None)
        if head != list(kind._fields):
            sys.exit(f'{path}: the head is {head}')
        return [kind(*line) for line in lines]


def write(path, rows, kind):
    """Replace a file atomically"""
    with open(path + '.new', 'w', newline='', encoding='utf-8') as file:
        out = csv.writer(file, lineterminator='\n')
        out.writerow(kind._fields)
        out.writerows(rows)
    os.rename(path + '.new', path)


def cases(directory, kind='cost'):
    """{runner: [Case, ...]} of a kind, runners and cases in order"""
    found = {}
    for row in read(f'{directory}/results.csv', Row):
        key = row.runner, row.case, int(row.cpus)
        found.setdefault(key, Case(*key)).add(row)
    by_runner = {runner: [] for runner in RUNNERS}
    for case in found.values():
        if case.kind == kind:
            by_runner[case.runner].append(case)
    return {runner: some for runner, some in by_runner.items() if some}


def moments(directory):
    """{(runner, case): {side: [Moment, ...]}}, in the order of their steps"""
    found = {}
    for moment in read(f'{directory}/memory.csv', Moment):
        sides = found.setdefault((moment.runner, moment.case), {})
        sides.setdefault(side_of(moment.allocator), []).append(moment)
    return found


def runs(directory):
    return read(f'{directory}/runs.csv', Run)


# ---- the output of a guest

def heard(path, runner):
    """(rows, moments, names of the tried cases) from a guest's output"""
    rows, held, tried = [], [], []
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            line = line.rstrip('\n')
            if line.startswith('# case '):
                tried.append(line.split()[2])
            elif LINE.fullmatch(line):
                rows.append(Row(runner, *line.split(',')))
            elif found := MEMORY_LINE.fullmatch(line):
                held.append(Moment(runner, *found[1].split(',')))
    return rows, held, tried


def complaints(rows, held):
    """Errors in new rows: each metric must have two sides, and a row must be unique"""
    seen = set()
    for row in rows:
        if row[:5] in seen:
            yield f'{row.case}: {row.metric} of {row.allocator} is there twice'
        seen.add(row[:5])
    by_case = {}
    for row in rows:
        key = row.case, int(row.cpus)
        by_case.setdefault(key, Case(row.runner, *key)).add(row)
    for case in by_case.values():
        if case.kind == 'memory':
            yield from complaints_of_memory(case, held)
        elif case.kind == 'cost' and not case.cost:
            yield f'{case.label}: there is no cost'
        for metric in NEEDED.get(case.kind, ()):
            if (metric, 'kernel') not in case.values:
                yield f'{case.label}: there is no {metric}'
        for metric in {metric for metric, _ in case.values}:
            for side in ('kernel', 'slabmod'):
                if case.value(metric, side) is None:
                    yield f"{case.label}: {metric} lacks {side}'s value"


def complaints_of_memory(case, held):
    """Both sides have the same requests, and the memory held at every step"""
    for metric in BYTES:
        if (metric, 'kernel') not in case.values:
            yield f'{case.label}: there is no {metric}'
    for metric in ('asked_peak', 'asked_end'):
        if case.value(metric, 'kernel') != case.value(metric, 'slabmod'):
            yield f'{case.label}: {metric} of the two sides is not the same'
    there = {side_of(moment.allocator) for moment in held if moment.case == case.name}
    for side in ('kernel', 'slabmod'):
        if side not in there:
            yield f"{case.label}: what was held when lacks {side}'s lines"


def merged(old, new, key, gone):
    """The old rows, with new ones in place of those with a key in gone"""
    fresh, result = {}, []
    for row in new:
        fresh.setdefault(key(row), []).append(row)
    for row in old:
        if key(row) in gone:
            result += fresh.pop(key(row), [])
        else:
            result.append(row)
    return result + [row for rows in fresh.values() for row in rows]


def merge(directory, runner, whole):
    out = f'{directory}/{runner}.out'
    rows, held, tried = heard(out, runner)
    bad = list(complaints(rows, held))
    key = (lambda r: r.runner) if whole else (lambda r: (r.runner, r.case))
    gone = {runner} if whole else {(runner, name) for name in tried}
    for name, kind, new in (('results', Row, rows), ('memory', Moment, held)):
        path = f'{directory}/{name}.csv'
        write(path, merged(read(path, kind), new, key, gone), kind)
    if rows:
        with open(out + '.run', newline='', encoding='utf-8') as file:
            run = [Run(*line) for line in csv.reader(file)]
        key = (lambda r: r.runner) if whole else (lambda r: (r.runner, r.cases))
        write(f'{directory}/runs.csv',
              merged(runs(directory), run, key, {key(run[0])}), Run)
    for text in bad:
        print(f'bench: {runner}: {text}', file=sys.stderr)
    return not bad


def main(command, directory, runner, *options):
    if command != 'merge':
        sys.exit(__doc__)
    sys.exit(not merge(directory, runner, '--whole' in options))


if __name__ == '__main__':
    main(*sys.argv[1:])
