# SPDX-License-Identifier: GPL-2.0
"""Print the results of scripts/dropin as a table.

usage: table.py text|rst RESULTS DIR   (DIR has the scripts, with what each module does)
"""
import csv
import os
import re
import sys


def read(name):
    figures = {}
    with open(name, encoding='ascii') as file:
        for line in csv.DictReader(file):
            key = line['module'], line['variant'], line['mode'], line['metric']
            figures[key] = int(line['value'])
    return figures


def work_of(directory, module):
    with open(os.path.join(directory, module + '.sh'), encoding='ascii') as file:
        return re.search(r'^# work: *(.*)', file.read(), re.M).group(1)


def memory(figures, module, variant):
    before = figures.get((module, variant, 'memory', 'memory_before'))
    peak = figures.get((module, variant, 'memory', 'memory_peak'))
    return None if before is None or peak is None else peak - before


def shown(value, unit, digits=1):
    return '' if value is None else f'{value / unit:.{digits}f}'


def change(ours, theirs):
    return '' if not ours or not theirs else f'{100 * (ours / theirs - 1):+.1f} %'


def rows(figures):
    for module in sorted({key[0] for key in figures}):
        count = [figures.get((module, variant, 'count', 'instructions'))
                 for variant in ('slub', 'slabmod')]
        peak = [memory(figures, module, variant) for variant in ('slub', 'slabmod')]
        yield (module,
               shown(figures.get((module, 'slabmod', 'count', 'pool_allocs')), 1, 0),
               shown(count[0], 1e6), shown(count[1], 1e6), change(count[1], count[0]),
               shown(peak[0], 1 << 20), shown(peak[1], 1 << 20),
               shown(figures.get((module, 'slabmod', 'memory', 'pool_held_peak')), 1 << 20),
               'yes' if (module, 'slabmod', 'debug', 'instructions') in figures else '')


HEAD = ('module', 'allocations', 'SLUB, 10^6 insn.', 'slabmod', 'change', 'SLUB, MiB at the peak',
        'slabmod', 'of which pool', 'debug=1 clean')


def text(table):
    lines = [('module', 'allocs', 'slub Minsn', 'slabmod', 'change', 'slub MiB', 'slabmod', 'pool',
              'debug')] + table
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    for line in lines:
        print('  '.join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def rst(table, directory):
    print('.. list-table::\n   :header-rows: 1\n')
    for line in [HEAD] + table:
        for i, cell in enumerate(line):
            print(f'   {"*" if i == 0 else " "} - {cell}'.rstrip())
    print('\n.. list-table::\n   :header-rows: 1\n\n   * - module\n     - work')
    for line in table:
        print(f'   * - {line[0]}\n     - {work_of(directory, line[0])}')


def main():
    what, results, directory = sys.argv[1:]
    table = list(rows(read(results)))
    if what == 'rst':
        rst(table, directory)
    else:
        text(table)


main()
