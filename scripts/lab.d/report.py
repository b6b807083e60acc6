#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The results of the lab as text, for terminals.

usage: report.py OUT    of the files in OUT: OUT/report.txt

The same tables as those of the page, with bars in place of plots, in 100 columns. Tables that are
wider continue below. What has no figures is left out, with a sentence that says so.
"""
import math
import sys
import textwrap

import findings
import results
import tables
import tables_runs
import tables_text
from results import figure, times

WIDTH = 100


def wrapped(text, first='', more=''):
    return textwrap.wrap(text, WIDTH, initial_indent=first,
                         subsequent_indent=more or ' ' * len(first))


def heading(text, under='='):
    return ['', '', text, under * len(text), '']


# ---- tables

def of_figures(made):
    """A table of figures; columns that have no room are in further parts, below"""
    rows = [[head.text for head in made.heads]] + [[cell.text for cell in row] for row in made.rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    left = sum(widths[:made.words]) + 2 * (made.words - 1)
    start = made.words
    while start < len(widths):
        end, room = start, WIDTH - left
        while end < len(widths) and room >= widths[end] + 2:
            room -= widths[end] + 2
            end += 1
        end = max(end, start + 1)
        for row in rows:
            words = '  '.join(t.ljust(w) for t, w in zip(row[:made.words], widths))
            yield words + ''.join('  ' + t.rjust(w)
                                  for t, w in zip(row[start:end], widths[start:end]))
        start = end
        if start < len(widths):
            yield ''


def of_words(made):
    """A paragraph for each row: the first cell, and the others below it"""
    for row in made.rows:
        first, *others = [cell.text for cell in row]
        yield from wrapped(f'{first}  {others[0]}', '', '    ')
        for head, text in list(zip(made.heads, [first, *others]))[2:]:
            if text and text != '-':
                yield from wrapped(f'{head.text}: {text}', '    ')


def table(found, title, maker, *args, words=False):
    yield from heading(title, '-')
    try:
        made = maker(found, *args)
    except results.Missing as lacking:
        yield f'Left out. {lacking}'
        return
    yield from of_words(made) if words else of_figures(made)
    if made.note:
        yield ''
        yield from wrapped(made.note)


# ---- bars

def bars(values, text):
    """A bar on a log scale for each of {name: value}, from the least on"""
    if not values:
        yield 'Left out. No strategy serves all workloads.'
        return
    wide = max(map(len, values))
    room = WIDTH - wide - 12
    low, high = min(values.values()) / 1.1, max(values.values())
    for name, value in sorted(values.items(), key=lambda pair: pair[1]):
        length = room * math.log(value / low) / math.log(high / low)
        yield f'{name:{wide}}  {text(value):>8}  {"#" * max(round(length), 1)}'


def parts(found, workload):
    """What the pages are used for, in characters"""
    letters = '#+.-'
    yield ', '.join(f'{letter} {word}' for letter, word in zip(letters, tables.PARTS.values()))
    yield ''
    shares = tables.parts(found, workload)
    wide = max(map(len, shares), default=0)
    room = WIDTH - wide - 2
    for name, of in shares.items():
        ends = [round(room * sum(of[:i + 1])) for i in range(len(of))]
        bar = ''.join(letter * (end - begin)
                      for letter, begin, end in zip(letters, [0, *ends], ends))
        yield f'{name:{wide}}  {bar}'


def means(found):
    yield from heading('Memory: mean of A/U over the workloads (bars: log scale)', '-')
    yield from bars(results.compared(found, results.fragmentation), times)
    yield from heading('Time: mean cycles of a call over the workloads (bars: log scale)', '-')
    yield from bars(results.compared(found, results.cost), figure)


# ---- all of it

def conclusion(found):
    for finding in findings.findings(found):
        yield finding.question
        yield from wrapped(finding.answer, '  => ')
        yield from wrapped(finding.text, '     ')
        yield ''


def workloads(found):
    if not found.rows('table'):
        yield from ('', 'There is no table.csv: tables and bars by workload are left out.')
        return
    yield from means(found)
    yield from table(found, 'Pages for each byte in use (A/U), when most was asked for',
                     tables.memory)
    yield from table(found, 'Cycles of a call, on average', tables.cycles)
    yield from heading('What the pages of the workload mix are used for', '-')
    yield from parts(found, 'mix')


def kernel(found):
    for runner in found.runners():
        yield from table(found, f'{runner}: {tables.runner_unit(runner)} of a call', tables.kernel,
                         runner)
    yield from table(found, 'A/U in the kernel', tables.kernel_memory)


def programs(found):
    yield from table(found, 'Beat the system allocator: milliseconds', tables_runs.challenge)
    for program in ('threadtest', 'larson'):
        yield from table(found, f'{program}: nanoseconds for each call', tables_runs.threads,
                         program)
    yield from table(found, 'producer: milliseconds', tables_runs.producer)
    yield from table(found, 'Blowup: memory by that with one thread, or with fewer rounds',
                     tables_runs.blowup)
    yield from table(found, 'False sharing: lines shared, and milliseconds', tables_runs.sharing)
    yield from table(found, 'Real programs', tables_runs.real)


def claims(found):
    try:
        counted = tables_text.counts(found)
        yield from heading('The claims of the lectures', '-')
        yield ', '.join(f'{word}: {n}' for word, n in counted.items())
        yield ''
        yield from of_words(tables_text.claims(found))
    except results.Missing as lacking:
        yield from ('', f'The claims are left out. {lacking}')


def report(found):
    yield from ('The lab: strategies for allocation, measured', '=' * 44, '')
    yield from conclusion(found)
    yield from table(found, 'The strategies', tables.strategies, words=True)
    yield from workloads(found)
    yield from kernel(found)
    yield from table(found, 'Worst cases: A/U at the largest n, and its bound', tables.worst)
    yield from table(found, 'The same with n and bytes', tables.grow)
    yield from table(found, 'Cycles of a call at the least and the most n', tables.steps)
    yield from table(found, 'Cycles of lists and trees', tables.steps_others)
    yield from programs(found)
    yield from table(found, 'A recorded trace of the kernel', tables_text.trace)
    yield from table(found, 'The trace in the kernel', tables_text.kernel_trace)
    yield from table(found, 'Giving memory back', tables_text.madvise)
    yield from table(found, 'Facts of the machine', tables_text.facts)
    yield from table(found, 'Experiments with strategies', tables_text.experiments)
    yield from claims(found)
    yield from table(found, 'Worked examples', tables_text.examples, words=True)


def main(out):
    with open(f'{out}/report.txt', 'w', encoding='utf-8') as file:
        file.writelines(line.rstrip() + '\n' for line in report(results.Results(out)))


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
