#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Plots of the results of scripts/bench, by gnuplot.

usage: plots.py DIR OUT KIND...    of DIR/results.csv, DIR/memory.csv:
                                   OUT/NAME.KIND (svg, png)

A plot has a row of panels with lines (cost by size, count, order; for a case about
memory, bytes by step), or a line of dots a case. One for which there are no figures is left out.
"""
import os
import subprocess
import sys

import results

# Okabe and Ito's colours, for colour-blind readers
KERNEL, OURS, GREY = '#D55E00', '#0072B2', '#606060'

RUNNER_NAME = {
    'icount-6.1': 'Linux 6.1', 'icount-7.2': 'Linux 7.2',
    'uml-6.1': 'UML 6.1', 'uml-7.2': 'UML 7.2', 'kvm-6.1': 'KVM 6.1', 'kvm-7.2': 'KVM 7.2',
    'memory-6.1': 'Linux 6.1', 'memory-7.2': 'Linux 7.2',
}
ICOUNT = ('icount-6.1', 'icount-7.2')
NATIVE = ('uml-6.1', 'uml-7.2', 'kvm-6.1', 'kvm-7.2')
MEMORY = ('memory-6.1', 'memory-7.2')
UNIT = {'insn_per_op': 'instructions', 'cycles_per_op': 'cycles'}

SIZES = [('16', 16), ('64', 64), ('256', 256), ('1k', 1024), ('4k', 4096), ('16k', 16384)]
COUNTS = [100, 1000, 10000]
ORDERS = range(11)

# Panels: title, x axis, and (label, name of the case) for each position
FAMILIES = {
    'pair': ('One object allocated and freed again', [
        ('typed cache', 'bytes', [(t, f'pair-typed-{s}') for t, s in SIZES]),
        ('kmalloc, constant size', 'bytes', [(t, f'pair-kmalloc-const-{s}') for t, s in SIZES]),
        ('kmalloc, variable size', 'bytes', [(t, f'pair-kmalloc-var-{s}') for t, s in SIZES]),
        ('typed cache, 64 bytes', 'already in use', [
            ('nothing', 'pair-typed-64'), ('1 MiB', 'live-1m-64'), ('64 MiB', 'live-64m-64'),
            ('1 GiB', 'live-1g-64')]),
    ]),
    'batch': ('Many objects of 64 bytes allocated, then all freed', [
        (f'freed {text}', 'objects', [(f'{n:,}', f'batch-{n}-{order}-64') for n in COUNTS])
        for order, text in (('fifo', 'in order'), ('lifo', 'backwards'), ('shuffled', 'shuffled'))
    ] + [
        ('by bulk calls', 'objects a call', [(n, f'bulk-{n}-64') for n in (8, 32, 250)]),
    ]),
    'pages': ('Runs of pages', [
        ('one allocated and freed again', 'order', [(o, f'pages-pair-o{o}') for o in ORDERS]),
        ('77 allocated, then all freed', 'order', [
            (o, f'pages-batch-77-fifo-o{o}') for o in ORDERS]),
        ('256 allocated, then all freed', 'order', [(o, f'pages-batch-o{o}') for o in (0, 3, 6, 9)]),
        ('single pages, shuffled', 'pages', [
            (f'{n:,}', f'pages-batch-{n}-shuffled-o0') for n in (7, 77, 1000, 10000, 100000)]),
    ]),
}
LOG = {'pair', 'pages'}

MEMORY_CASES = {
    'mem-mix': 'A recorded trace, all by size',
    'mem-caches': 'A recorded trace, with its caches',
    'mem-uniform': 'Sizes of 1 to 4,096 bytes',
    'mem-churn': 'The same number of objects, exchanged at random',
    'mem-phases': 'Most are freed, then larger ones allocated',
    'mem-free': 'All are freed, and the allocator shrinks',
}

STYLE = f'''
set encoding utf8
set border 3 lw 1 lc rgb "{GREY}"
set tics nomirror out scale 0.5 textcolor rgb "black"
set grid ytics lt 1 lw 0.5 lc rgb "#D8D8D8"
'''


def quoted(text):
    return '"' + str(text).replace('"', '\\"') + '"'


# ---- a row of panels

class Series:
    def __init__(self, runner, side, nth, style_of_pages=False):
        self.runner, self.side = runner, side
        kernel = 'page allocator' if style_of_pages else 'SLUB'
        self.title = f"{kernel if side == 'kernel' else 'slabmod'}, {RUNNER_NAME[runner]}"
        colour = KERNEL if side == 'kernel' else OURS
        # The first kernel: solid lines and dots; the second: dashed lines and open dots.
        point = (7, 6)[nth] if side == 'kernel' else (5, 4)[nth]
        self.style = f'lc rgb "{colour}" lw 2 dt {(1, 2)[nth]} pt {point} ps 0.9'


def panel_lines(found, series, places):
    """For each series the cost at each position; None without a measurement"""
    lines = []
    for one in series:
        cases = {case.name: case for case in found[one.runner] if case.cpus == 1 and case.cost}
        lines.append([cost(cases[name], one.side) if name in cases else None
                      for _, name in places])
    return lines


def positive(value):
    """The value if it fits on a log scale, or None"""
    return value if value and value > 0 else None


def cost(case, side):
    return positive(case.value(case.cost, side))


def log_tics(low, high):
    """1, 2, 5, 10, ...; only powers of ten if those would be too many"""
    steps = (1, 2, 5) if high < 1000 * low else (1,)
    tics = [step * 10 ** n for n in range(-3, 8) for step in steps]
    return '(' + ', '.join(f'"{t:,g}" {t:g}' for t in tics if low <= t <= high) + ')'


def axis_y(every, log):
    """The same range for all panels of a plot"""
    if not log:
        return f'set yrange [0:{max(every) * 1.08:.1f}]'
    low, high = min(every) / 1.3, max(every) * 1.3
    return f'set logscale y; set yrange [{low:g}:{high:g}]; set ytics {log_tics(low, high)}'


def frame(nth, of, left, titles):
    """titles: of the panel, the x axis, the y axis"""
    width = 0.995 / of
    yield f'set lmargin at screen {nth * width + left:.3f}'
    yield f'set rmargin at screen {(nth + 1) * width - 0.008:.3f}'
    yield f'set title {quoted(titles[0])} offset 0,-0.5'
    yield f'set xlabel {quoted(titles[1])} offset 0,0.4'
    yield f'set ylabel {quoted(titles[2] if nth == 0 else "")} offset 0.2,0'


def one_panel(nth, of, left, panel, lines, series, along_y):
    title, along, places = panel
    yield from frame(nth, of, left, (title, along, along_y))
    tics = ', '.join(f'{quoted(label)} {i}' for i, (label, _) in enumerate(places))
    yield f'set xtics ({tics})'
    yield f'set xrange [-0.3:{len(places) - 0.7:.1f}]'
    for i, line in enumerate(lines):
        yield f'$p{nth}s{i} << EOD'
        for place, value in enumerate(line):
            yield f'{place} {"NaN" if value is None else value}'
        yield 'EOD'
    yield 'plot ' + ', '.join(f'$p{nth}s{i} with linespoints {one.style} notitle'
                              for i, one in enumerate(series))


def legend(series, style='linespoints'):
    yield 'set lmargin at screen 0.02; set rmargin at screen 0.98'
    yield 'set tmargin at screen 0.10; set bmargin at screen 0.01'
    yield 'unset border; unset tics; unset title; unset xlabel; unset ylabel; unset grid'
    yield 'unset logscale; set xrange [0:1]; set yrange [0:1]'
    yield f'set key center center horizontal Left reverse samplen 3 maxcols {len(series)} width 2'
    # gnuplot needs a plot for the key: an invisible line.
    yield 'plot 2 notitle, ' + ', '.join(
        f'keyentry with {style} {one.style} title {quoted(one.title)}' for one in series)


def head(title):
    yield f'set multiplot title {quoted(title)} font ",15"'
    yield 'set tmargin at screen 0.84; set bmargin at screen 0.26'


def panels(found, name, runners):
    """The script of a plot with panels, and its size; None without data"""
    title, places = FAMILIES[name]
    runners = [runner for runner in runners if runner in found][:2]
    series = [Series(runner, side, nth, name == 'pages')
              for side in ('kernel', 'slabmod') for nth, runner in enumerate(runners)]
    shown = [(panel, panel_lines(found, series, panel[2])) for panel in places]
    shown = [(p, lines) for p, lines in shown if any(v is not None for line in lines for v in line)]
    if not shown:
        return None
    unit = UNIT[next(case.cost for case in found[runners[0]] if case.cost)]
    width = max(740, 290 * len(shown))
    along_y = f'{unit}, log scale' if name in LOG else unit
    every = [v for _, lines in shown for line in lines for v in line if v is not None]
    left = (96 if max(every) >= 10000 else 72) / width
    script = [*head(f'{title}: {unit} an op'), axis_y(every, name in LOG)]
    for nth, (panel, lines) in enumerate(shown):
        script += one_panel(nth, len(shown), left, panel, lines, series, along_y)
    script += legend(series)
    script += ['unset multiplot']
    return script, (width, 400)


# ---- single calls

TAIL_CASES = ['tail-batch-64', 'tail-batch-72', 'tail-shrink-72', 'tail-mix', 'tail-pages-o0']
POINTS = [('50', 'p50'), ('99', 'p99'), ('99.9', 'p999'), ('99.99', 'p9999'), ('most', 'max')]


def tail_panels(tails, call, runners):
    """The same for the percentiles of a call, a panel for each case"""
    runners = [runner for runner in runners if runner in tails][:2]
    series = [Series(runner, side, nth) for side in ('kernel', 'slabmod')
              for nth, runner in enumerate(runners)]
    by_name = {(one.runner, case.name): case for one in series for case in tails[one.runner]}
    shown = []
    for name in TAIL_CASES:
        found = [by_name.get((one.runner, name)) for one in series]
        lines = [[case and positive(case.value(f'{call}_{point}', one.side))
                  for _, point in POINTS] for case, one in zip(found, series)]
        if any(found):
            shown.append(((name, '% of calls', POINTS), lines))
    if not shown:
        return None
    unit = 'instructions' if runners[0] in ICOUNT else 'cycles'
    every = [v for _, lines in shown for line in lines for v in line if v]
    width = max(740, 290 * len(shown))
    script = [*head(f'The slowest of single calls of {call}: {unit}'), axis_y(every, True)]
    for nth, (panel, lines) in enumerate(shown):
        script += one_panel(nth, len(shown), 96 / width, panel, lines, series,
                            f'{unit}, log scale')
    script += legend(series)
    script += ['unset multiplot']
    return script, (width, 400)


# ---- memory held over time

class Held:
    """A line of such a panel: (step, bytes), ..."""

    def __init__(self, title, style, moments, field):
        self.title, self.style = title, style
        self.points = [(int(m.step), int(getattr(m, field))) for m in moments]


def held_lines(sides):
    return [Held('held by SLUB', f'lc rgb "{KERNEL}" lw 2', sides['kernel'], 'held'),
            Held('held by slabmod', f'lc rgb "{OURS}" lw 2', sides['slabmod'], 'held'),
            Held('asked', f'lc rgb "{GREY}" lw 2', sides['kernel'], 'asked')]


def held_panel(nth, of, left, runner, lines):
    yield from frame(nth, of, left, (RUNNER_NAME[runner], 'objects allocated or freed, thousands',
                                     'MiB'))
    yield f'set xrange [0:{lines[0].points[-1][0] / 1000:g}]'
    for i, line in enumerate(lines):
        yield f'$p{nth}s{i} << EOD'
        for step, size in line.points:
            yield f'{step / 1000:g} {size / 2 ** 20:.3f}'
        yield 'EOD'
    yield 'plot ' + ', '.join(f'$p{nth}s{i} with lines {line.style} notitle'
                              for i, line in enumerate(lines))


def held_panels(moments, case):
    """The script of a plot with a panel for each kernel, and its size; or None"""
    shown = [(runner, held_lines(moments[runner, case])) for runner in MEMORY
             if len(moments.get((runner, case), {})) == 2]
    if not shown:
        return None
    width = max(740, 420 * len(shown))
    every = [size / 2 ** 20 for _, lines in shown for line in lines for _, size in line.points]
    script = [*head(f'{MEMORY_CASES[case]}: memory asked for and held'), axis_y(every, False)]
    for nth, (runner, lines) in enumerate(shown):
        script += held_panel(nth, len(shown), 72 / width, runner, lines)
    script += legend(shown[0][1], 'lines')
    script += ['unset multiplot']
    return script, (width, 400)


# ---- dots

def ratio_dots(found, runners, of_pages):
    """slabmod's cost divided by the kernel's, one line per case, sorted; only of pages, or not"""
    runners = [runner for runner in runners if runner in found]
    by_case = {}
    for nth, runner in enumerate(runners):
        for case in found[runner]:
            if (case.family == 'pages') == of_pages and case.cost and case.ratio(case.cost):
                by_case.setdefault(case.label, {})[nth] = case.ratio(case.cost)
    if not by_case:
        return None
    # From the bottom up: the worst first
    lines = sorted(reversed(by_case.items()), key=lambda item: -round(item[1][min(item[1])], 3))
    shapes = ['pt 7', 'pt 6', 'pt 4', 'pt 8']
    colours = ['#000000', '#009E73', '#CC79A7', '#E69F00']
    series = [(RUNNER_NAME[runner], f'{shapes[nth]} lc rgb "{colours[nth]}"')
              for nth, runner in enumerate(runners)]
    values = [[(value[nth] if nth in value else None) for nth in range(len(runners))]
              for _, value in lines]
    unit = UNIT[next(case.cost for case in found[runners[0]] if case.cost)]
    return dots(f"{unit.capitalize()} an op: slabmod's divided by the kernel's",
                [label for label, _ in lines], values, series,
                'ratio, on a log scale; less than 1: slabmod needs less', 1)


def cost_dots(found, runner):
    """The cost of both sides with all CPUs, one line per case"""
    cases = [case for case in found.get(runner, []) if case.cost and case.cpus > 1]
    if not cases:
        return None
    series = [(f'SLUB, {RUNNER_NAME[runner]}', f'pt 7 lc rgb "{KERNEL}"'),
              (f'slabmod, {RUNNER_NAME[runner]}', f'pt 5 lc rgb "{OURS}"')]
    values = [[cost(case, side) for side in ('kernel', 'slabmod')] for case in cases]
    unit = UNIT[cases[0].cost]
    return dots(f'{cases[0].cpus} CPUs: {unit} an op', [case.name for case in cases][::-1],
                values[::-1], series, f'{unit} an op, on a log scale')


def pause_dots(found, calls, runner):
    """The longest run of instructions with interrupts off, one line per case"""
    cases = calls.get(runner, []) + [c for c in found.get(runner, []) if results.PAUSES.match(c.name)]
    lines = [(case.name, [positive(case.value('irqs_off_max', side))
                          for side in ('kernel', 'slabmod')]) for case in cases]
    lines = [line for line in lines if any(line[1])][::-1]
    if not lines:
        return None
    series = [(f'the kernel, {RUNNER_NAME[runner]}', f'pt 7 lc rgb "{KERNEL}"'),
              (f'slabmod, {RUNNER_NAME[runner]}', f'pt 5 lc rgb "{OURS}"')]
    return dots('The longest run of instructions with interrupts off',
                [label for label, _ in lines], [values for _, values in lines], series,
                'instructions, on a log scale; no dot: interrupts are never off')


def dots(title, labels, values, series, along, line_at=None):
    height = 130 + 17 * len(labels)
    every = [v for line in values for v in line if v]
    low, high = min(every) / 1.3, max(every) * 1.3
    tics = ', '.join(f'{quoted(label)} {i}' for i, label in enumerate(labels))
    script = [f'set title {quoted(title)} font ",15"', f'set xlabel {quoted(along)}',
              f'set logscale x; set xrange [{low:g}:{high:g}]',
              f'set xtics {log_tics(low, high)}',
              f'set yrange [-0.8:{len(labels) - 0.2}]',
              'set grid xtics ytics lt 1 lw 0.5 lc rgb "#D8D8D8"',
              f'set ytics scale 0 ({tics})', 'set bmargin 5.5',
              'set key at screen 0.5, character 1.2 center center horizontal Left reverse']
    if line_at:
        script.append(f'set arrow from {line_at}, graph 0 to {line_at}, graph 1 nohead lw 1.5 '
                      f'lc rgb "{GREY}" back')
    for nth, _ in enumerate(series):
        script.append(f'$s{nth} << EOD')
        script += [f'{line[nth]} {y}' for y, line in enumerate(values) if line[nth]]
        script.append('EOD')
    script.append('plot ' + ', '.join(
        f'$s{nth} with points {style} ps 1 lw 1.5 title {quoted(name)}'
        for nth, (name, style) in enumerate(series)))
    return script, (820, height)


# ---- all of them

def all_plots(found, moments, calls, tails):
    for name in FAMILIES:
        yield name, panels(found, name, ICOUNT)
        yield f'native-{name}', panels(found, name, NATIVE)
    for end, of_pages in (('', False), ('-pages', True)):
        yield f'ratios{end}', ratio_dots(found, ICOUNT, of_pages)
        yield f'native-ratios{end}', ratio_dots(found, NATIVE, of_pages)
    for runner in ('uml-7.2', 'kvm-6.1', 'kvm-7.2'):
        yield f'threads-{runner}', cost_dots(found, runner)
    yield 'pauses', pause_dots(found, calls, 'icount-6.1')
    for call in ('alloc', 'free'):
        yield f'tail-{call}', tail_panels(tails, call, ICOUNT)
        yield f'native-tail-{call}', tail_panels(tails, call, NATIVE)
    for case in MEMORY_CASES:
        yield case, held_panels(moments, case)


TERMINALS = {
    'svg': 'set terminal svg size {},{} font "sans-serif,12" background "white" dynamic',
    'png': 'set terminal pngcairo size {},{} font "sans,10"',
}


def draw(path, kind, script, size):
    text = [TERMINALS[kind].format(*size), f'set output {quoted(path)}', STYLE, *script,
            'unset output', '']
    done = subprocess.run(['gnuplot'], input='\n'.join(text), text=True, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode or done.stderr:
        sys.exit(f'plots.py: gnuplot on {path}: {done.stderr}')


def main(directory, out, *kinds):
    os.makedirs(out, exist_ok=True)
    found = results.cases(directory)
    plots = all_plots(found, results.moments(directory), results.cases(directory, 'pauses'),
                      results.cases(directory, 'tail'))
    for name, plot in plots:
        for kind in kinds:
            path = f'{out}/{name}.{kind}'
            if plot:
                draw(path, kind, *plot)
            elif os.path.exists(path):
                os.remove(path)


if __name__ == '__main__':
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
