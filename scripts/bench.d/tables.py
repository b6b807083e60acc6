#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The results of scripts/bench as tables.

usage: tables.py show DIR RUNNER    what DIR/RUNNER.out has just measured, for a terminal
       tables.py whole DIR RUNNERS  fails when the results are not those of whole runs
       tables.py docs DIR           what Documentation/benchmarks.rst includes, into DIR
       tables.py profile DIR RUNNER CASE
"""
import os
import statistics
import sys

import results

# Metric, its name, divisor
KINDS = [
    ('insn_per_op', 'instructions an op', 1),
    ('cycles_per_op', 'cycles an op', 1),
    ('ops_per_s', 'million ops a second', 1e6),
    ('gross_insn_per_op', 'with the harness', 1),
    ('gross_cycles_per_op', 'with the harness', 1),
    ('locks_per_op', 'locks an op', 1),
    ('atomics_per_op', 'atomics an op', 1),
    ('slow_per_op', 'slow calls an op', 1),
    ('irqs_off_max', 'interrupts off', 1),
    ('preempt_off_max', 'not preemptible', 1),
]
GROSS = {'insn_per_op': 'gross_insn_per_op', 'cycles_per_op': 'gross_cycles_per_op'}
WITH_RATIO = {'insn_per_op', 'stepped_per_op', 'cycles_per_op', 'ops_per_s', *GROSS.values()}

# Those of the cases scale-* and pause-*
STEPPED = [('stepped_per_op', 'instructions an op', 1)] + KINDS[5:]

# Those of the cases tail-*, by call
POINTS = [('p50', 'median'), ('p99', '99 %'), ('p999', '99.9 %'), ('p9999', '99.99 %'),
          ('max', 'most')]

# The two measured moments of the cases mem-*
WHEN = [('peak', 'at the peak'), ('end', 'at the end')]
MIB = 1 << 20

# The noise of the medians of a native run
NOISE = 0.05


def figure(value, by=1):
    if value is None:
        return ''
    value /= by
    if value == 0:
        return '0'
    return f'{value:,.0f}' if value >= 1000 else f'{value:.1f}' if value >= 10 else f'{value:.2f}'


def ratio(value):
    return '' if value is None else f'{value:.2f}'


def kinds_of(cases):
    return [k for k in KINDS if any((k[0], 'kernel') in case.values for case in cases)]


def cells(case, kinds):
    line = [case.label]
    for metric, _, by in kinds:
        line += [figure(case.value(metric, side), by) for side in ('kernel', 'slabmod')]
        if metric in WITH_RATIO:
            line.append(ratio(case.ratio(metric)))
    return line


def widths(kind):
    return [9, 9, 6] if kind[0] in WITH_RATIO else [9, 9]


def mib(value):
    # Avoid -0
    return '' if value is None else f'{round(value / MIB, 2) + 0:,.2f}'


def quotient(value, by):
    return f'{value / by:.3f}' if value and by and min(value, by) > 0 else ''


def memory_cells(case, moment):
    """Requested bytes, bytes held by both, both ratios, slabmod's ratio to the kernel's"""
    asked = case.value(f'asked_{moment}', 'kernel')
    held = [case.value(f'held_{moment}', side) for side in ('kernel', 'slabmod')]
    ratios_of = [quotient(value, asked) for value in held] + [quotient(held[1], held[0])]
    # Without requests, too little is held to compare.
    return ([case.label] + [mib(value) for value in (asked, *held)] +
            (ratios_of if asked else [''] * len(ratios_of)))


def fragment_cells(case):
    """Whole blocks of both, and each ideal number; areas in use of both"""
    line = [case.name]
    for metric in ('whole_2m_blocks', 'ideal_2m_blocks', 'areas_in_use'):
        line += [f'{case.value(metric, side):,.0f}' for side in ('kernel', 'slabmod')]
    return line


# ---- for a terminal

def show(directory, runner):
    _, _, tried = results.heard(f'{directory}/{runner}.out', runner)
    for kind, shower in (('cost', show_costs), ('memory', show_memory),
                         ('fragments', show_fragments), ('scale', show_stepped),
                         ('pauses', show_stepped), ('tail', show_tail)):
        cases = [c for c in results.cases(directory, kind).get(runner, []) if c.name in tried]
        if cases:
            print(f'\n{title(directory, runner)}\n')
            shower(cases)


def show_memory(cases):
    first = max([len('at the peak')] + [len(case.label) for case in cases])
    print(f"{'':{first}} {'MiB':>29} {'held by asked':>17} {'slabmod':>9}")
    for moment, text in WHEN:
        heads = [text, 'asked', 'SLUB', 'slabmod', 'SLUB', 'slabmod', 'by SLUB']
        for line in [heads] + [memory_cells(case, moment) for case in cases]:
            rest = [cell.rjust(w) for cell, w in zip(line[1:], (9, 9, 9, 8, 8, 9))]
            print(' '.join([line[0].ljust(first)] + rest).rstrip())
        print()
    print("asked: the sizes of what is in use, added up. peak: each column's own.")


def show_fragments(cases):
    first = max(len(case.name) for case in cases)
    print(f"{'':{first}} {'whole blocks':>17} {'ideal':>17} {'areas in use':>17}")
    for line in [['of 2 MiB'] + ['kernel', 'slabmod'] * 3] + [fragment_cells(c) for c in cases]:
        print(' '.join([line[0].ljust(first)] + [cell.rjust(8) for cell in line[1:]]))


def show_stepped(cases):
    show_costs(cases, STEPPED)


def tail_cells(case, call):
    """Each point of both, the kernel's first"""
    return [case.label, call] + [figure(case.value(f'{call}_{point}', side))
                                 for point, _ in POINTS for side in ('kernel', 'slabmod')]


def show_tail(cases):
    first = max(len(case.label) for case in cases)
    print(f"{'':{first}} {'':5} " + ' '.join(name.rjust(17) for _, name in POINTS))
    for line in [['case', 'call'] + ['kernel', 'slabmod'] * len(POINTS)] + [
            tail_cells(case, call) for case in cases for call in ('alloc', 'free')]:
        rest = ' '.join(cell.rjust(8) for cell in line[2:])
        print(f'{line[0]:{first}} {line[1]:5} {rest}')


def show_costs(cases, kinds=None):
    kinds = kinds or [k for k in kinds_of(cases) if k[0] not in GROSS.values()]
    first = max(len(case.label) for case in cases)
    columns = [first] + [w for kind in kinds for w in widths(kind)]
    heads, names = [' ' * first], ['case'.ljust(first)]
    for kind in kinds:
        heads.append(kind[1].rjust(sum(widths(kind)) + len(widths(kind)) - 1))
        names += [name.rjust(w) for name, w in zip(('kernel', 'slabmod', 'ratio'), widths(kind))]
    print(' '.join(heads))
    print(' '.join(names))
    family = cases[0].family
    for case in cases:
        if case.family != family:
            print()
        family = case.family
        line = cells(case, kinds)
        rest = [cell.rjust(w) for cell, w in zip(line[1:], columns[1:])]
        print(' '.join([line[0].ljust(first)] + rest).rstrip())
    print('\nkernel: SLUB; for pages, the page allocator. ratio: slabmod by kernel.')


def title(directory, runner):
    run = [r for r in results.runs(directory) if r.runner == runner][-1]
    return f'{runner}: Linux {run.kernel}, {run.options}'


def profile(directory, runner, case):
    """The counts of single-stepping a case"""
    start = f'# profile {case} '
    with open(f'{directory}/{runner}.out', encoding='utf-8') as file:
        for line in file:
            if line.startswith(start):
                print(line[len(start):].rstrip())


# ---- for the documentation

def whole(directory, runners):
    """Refuse results that are not from one complete run per runner, all of one commit"""
    runs = results.runs(directory)
    bad = []
    for runner in runners.split():
        of = [run for run in runs if run.runner == runner]
        if [run.cases for run in of] != ['all']:
            bad.append(f'{runner}: ' + ('not of one whole run' if of else 'not measured'))
    commits = {run.commit for run in runs}
    if len(commits) > 1:
        bad.append(f"the results are of several commits: {', '.join(sorted(commits))}")
    for text in bad:
        print(f'bench: {text}', file=sys.stderr)
    return not bad


def csv_table(heads, lines):
    yield '.. csv-table::'
    yield '   :header: ' + ', '.join(f'"{h}"' for h in heads)
    yield ''
    for line in lines:
        yield '   ' + ', '.join(f'"{cell}"' for cell in line)
    yield ''


def heading(text, under):
    return [text, under * len(text), '']


def tables(directory):
    for runner, cases in results.cases(directory).items():
        kinds = kinds_of(cases)
        costs = [k for k in kinds if k[0] in WITH_RATIO]
        counts = [k for k in kinds if k[0] not in WITH_RATIO]
        yield from heading(runner, '-')
        yield from one_table(cases, costs)
        counted = [c for c in cases if any((k[0], 'kernel') in c.values for k in counts)]
        if counted:
            yield 'Counted by single step in one try:'
            yield ''
            yield from one_table(counted, counts)


def one_table(cases, kinds):
    heads = ['case']
    for metric, name, _ in kinds:
        heads += [f'{name}: kernel', 'slabmod'] + (['ratio'] if metric in WITH_RATIO else [])
    return csv_table(heads, [cells(case, kinds) for case in cases])


def pages(directory):
    """The costs of pages, side by side for all runners that measured them"""
    by_runner = {runner: [case for case in cases if case.name.startswith('pages-') and case.cost]
                 for runner, cases in results.cases(directory).items()}
    for metric, name, _ in KINDS[:2]:
        found = {runner: {case.label: case for case in cases if case.cost == metric}
                 for runner, cases in by_runner.items()}
        found = {runner: cases for runner, cases in found.items() if cases}
        if not found:
            continue
        yield f'{name.capitalize()}:'
        yield ''
        heads = ['case']
        for runner in found:
            heads += [f'{runner}: kernel', 'slabmod', 'ratio']
        labels = list(dict.fromkeys(label for cases in found.values() for label in cases))
        yield from csv_table(heads, [[label] + [
            cell for cases in found.values() for cell in page_cells(cases.get(label))]
            for label in labels])


def page_cells(case):
    if not case:
        return [''] * 3
    return [figure(case.value(case.cost, side)) for side in ('kernel', 'slabmod')] + [
        ratio(case.ratio(case.cost))]


def ratios(cases):
    return [(case.ratio(case.cost), case) for case in cases if case.cost and case.ratio(case.cost)]


def summary(directory):
    """One line per runner: the number of faster and slower cases, and by how much"""
    lines = []
    for runner, cases in results.cases(directory).items():
        found = sorted(ratios(cases), key=lambda pair: pair[0])
        if not found:
            continue
        values = [value for value, _ in found]
        gross = [v for v in (case.ratio(GROSS[case.cost]) for _, case in found) if v]
        lines.append([runner, len(values),
                      sum(v < 1 for v in values), sum(v > 1 for v in values),
                      ratio(statistics.median(values)),
                      ratio(statistics.median(gross)) if gross else '',
                      f'{ratio(values[0])} ({found[0][1].label})',
                      f'{ratio(values[-1])} ({found[-1][1].label})'])
    return csv_table(['runner', 'cases', 'slabmod needs less', 'needs more', 'median of ratios',
                      'with the harness', 'least', 'most'], lines)


def losses(directory):
    """Where slabmod needs more than the kernel, worst first"""
    for runner, cases in results.cases(directory).items():
        found = sorted(((v, c) for v, c in ratios(cases) if v > 1), key=lambda pair: -pair[0])
        if not found:
            yield f'``{runner}``: none.'
            yield ''
            continue
        yield f'``{runner}``:'
        yield ''
        yield from csv_table(['case', 'kernel', 'slabmod', 'ratio'], [
            [case.label, figure(case.value(case.cost, 'kernel')),
             figure(case.value(case.cost, 'slabmod')), ratio(value)] for value, case in found])
        if found[0][1].cost == 'cycles_per_op':
            near = sum(value <= 1 + NOISE for value, _ in found)
            if near:
                verb = 'is' if near == 1 else 'are'
                yield f'{near} of these {verb} within {NOISE:.0%}, which may be noise.'
                yield ''


def memory(directory):
    for runner, cases in results.cases(directory, 'memory').items():
        for moment, text in WHEN:
            yield f'``{runner}``, {text}:'
            yield ''
            yield from csv_table(
                ['case', 'asked, MiB', 'held by SLUB', 'by slabmod', 'by asked: SLUB', 'slabmod',
                 'slabmod by SLUB'], [memory_cells(case, moment) for case in cases])


def fragments(directory):
    for runner, cases in results.cases(directory, 'fragments').items():
        yield f'``{runner}``:'
        yield ''
        yield from csv_table(
            ['case', 'whole blocks: kernel', 'slabmod', 'ideal: kernel', 'slabmod',
             'areas in use: kernel', 'slabmod'], [fragment_cells(case) for case in cases])


def scale(directory):
    for runner, cases in results.cases(directory, 'scale').items():
        yield f'``{runner}``:'
        yield ''
        yield from one_table(cases, STEPPED)


def pauses(directory):
    """The longest runs of instructions with interrupts or preemption off"""
    calls = results.cases(directory, 'pauses')
    for runner, cases in results.cases(directory).items():
        found = calls.get(runner, []) + [case for case in cases if results.PAUSES.match(case.name)]
        found = [case for case in found if ('irqs_off_max', 'kernel') in case.values]
        if found:
            yield f'``{runner}``:'
            yield ''
            yield from one_table(found, KINDS[-2:])
    for runner, cases in calls.items():
        yield f'``{runner}``, the calls themselves:'
        yield ''
        yield from one_table(cases, STEPPED[:-2])
    if 'icount-6.1' in calls:
        yield '.. figure:: benchmarks/pauses.svg'
        yield ''


def tail(directory):
    for runner, cases in results.cases(directory, 'tail').items():
        yield f'``{runner}``:'
        yield ''
        heads = ['case', 'call'] + [head for _, name in POINTS for head in (
            f'{name}: kernel', 'slabmod')]
        yield from csv_table(heads, [tail_cells(case, call) for case in cases
                                     for call in ('alloc', 'free')])
        # plots.py draws those of these runners.
        if runner == 'icount-6.1':
            yield '.. figure:: benchmarks/tail-alloc.svg'
            yield ''
            yield '.. figure:: benchmarks/tail-free.svg'
            yield ''


def made_on(directory):
    runs = results.runs(directory)
    yield from csv_table(['runner', 'kernel', 'options of scripts/vm', 'commit', 'date'],
                         [[r.runner, r.kernel, r.options, r.commit, r.date] for r in runs])
    for text, field in (('CPU of the host', 'cpu'), ('Compiler of the modules', 'compiler'),
                        ('Emulator', 'emulator')):
        yield f'{text}: ' + '; '.join(sorted({getattr(r, field) for r in runs}))
        yield ''


def docs(directory):
    makers = {'tables': tables, 'summary': summary, 'losses': losses, 'memory': memory,
              'runs': made_on, 'pages': pages, 'fragments': fragments, 'scale': scale,
              'pauses': pauses, 'tail': tail}
    for name, maker in makers.items():
        path = f'{directory}/{name}.inc'
        with open(path + '.new', 'w', encoding='utf-8') as file:
            file.write('.. Made by scripts/bench --docs from results.csv and runs.csv.\n\n')
            file.writelines(line + '\n' for line in maker(directory))
        os.rename(path + '.new', path)


def main(command, *args):
    commands = {'show': show, 'whole': whole, 'docs': docs, 'profile': profile}
    if command not in commands:
        sys.exit(__doc__)
    sys.exit(commands[command](*args) is False)


if __name__ == '__main__':
    main(*sys.argv[1:])
