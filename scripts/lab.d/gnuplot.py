# SPDX-License-Identifier: GPL-2.0
"""Drawings by gnuplot as SVG: lines, dots, stacked bars and points with names.

Each function returns the script of one drawing, and its size. draw() runs them all. inline() makes
of such a file a part of a page, with the colours of the page.
"""
import math
import re
import subprocess
import sys
from collections import namedtuple
from html import escape

# Okabe and Ito's colours, for colour-blind readers, and a shape for each
BLUE, ORANGE, GREEN, PINK, AMBER, SKY, BLACK = (
    '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
COLOURS = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY, BLACK)
SHAPES = (7, 5, 9, 13, 11, 6, 4)
GREY, PALE = '#808080', '#D8D8D8'
NAMES = {BLUE: 'blue', ORANGE: 'orange', GREEN: 'green', PINK: 'pink', AMBER: 'amber', SKY: 'sky'}

Series = namedtuple('Series', 'name points colour shape dash', defaults=(1,))
# drawings: [(title, (script, size)), ...]
Figure = namedtuple('Figure', 'name caption drawings')
MARK = '\u25ba '

STYLE = f'''
set encoding utf8
set border 3 lw 1 lc rgb "{GREY}"
set tics nomirror out scale 0.5 textcolor rgb "black"
set grid lt 1 lw 0.5 lc rgb "{PALE}"
'''


def quoted(text):
    """In single quotes, in which gnuplot expands nothing"""
    return "'" + ' '.join(str(text).split()).replace("'", "''") + "'"


def styled(names_and_points):
    """Series of (name, points), with a colour and a shape each; dashed after the seventh"""
    return [Series(name, points, COLOURS[i % len(COLOURS)], SHAPES[i % len(SHAPES)],
                   1 + i // len(COLOURS)) for i, (name, points) in enumerate(names_and_points)]


def figure(name, caption, drawings):
    return Figure(name, ' '.join(caption.split()), list(drawings))


def rows_by(values, mark=lambda name: False):
    """Names sorted by their values, and labels of which some are marked"""
    order = sorted(values, key=lambda name: values[name])
    return order, [MARK + name if mark(name) else name for name in order]


# ---- axes

def tics(low, high):
    """1, 2, 5, 10, ...; fewer if those would be too many"""
    steps = (1, 2, 5) if high < 200 * low else (1,)
    every = 1 if high < 1e6 * low else 2
    marks = [s * 10.0 ** n for n in range(-4, 13, every) for s in steps]
    return ', '.join(f'{quoted(short(m))} {m:g}' for m in marks if low <= m <= high)


def short(value):
    for unit, name in ((1e9, 'G'), (1e6, 'M'), (1e4, 'k')):
        if value >= unit:
            return f"{value / (unit if name != 'k' else 1e3):g}{name}"
    return f'{value:,g}'


def axis(which, values, log, marks=()):
    """A range around the values, and tics, or @marks; linear axes begin at 0"""
    values = [v for v in values if v is not None and not math.isinf(v) and (v > 0 or not log)]
    if not values:
        return []
    if not log:
        return [f'set {which}range [0:{max(values) * 1.08 or 1:g}]']
    low, high = min(values) / 1.25, max(values) * 1.25
    if high < 3 * low:
        low, high = low / 1.3, high * 1.3
    marks = ', '.join(f'{quoted(m)} {m}' for m in marks) or tics(low, high)
    return [f'set logscale {which}', f'set {which}range [{low:g}:{high:g}]',
            f'set {which}tics ({marks})']


def block(name, points):
    yield f'${name} << EOD'
    for point in points:
        yield ' '.join('NaN' if v is None else f'{v:g}' if isinstance(v, float) else str(v)
                       for v in point)
    yield 'EOD'


def head(title, along_x, along_y):
    return [f'set title {quoted(title)}', f'set xlabel {quoted(along_x)} offset 0,0.7',
            f'set ylabel {quoted(along_y)} offset 0.5,0']


def titled(name):
    return f'title {quoted(name)}' if name else 'notitle'


# ---- kinds of drawings

def lines(title, along_x, along_y, series, values=(), marks=()):
    """On log scales. @values: others that the y axis has; @marks: tics of the x axis"""
    series = [one for one in series if one.points]
    every = [p for one in series for p in one.points]
    script = head(title, along_x, along_y) + axis('x', [x for x, _ in every], True, marks)
    script += axis('y', [y for _, y in every] + list(values), True)
    script.append('set key below center horizontal Left reverse samplen 2.5 width -1')
    plots = []
    for i, one in enumerate(series):
        script += block(f's{i}', one.points)
        style = (f'lines lw {1 if one.dash == 1 else 2}' if one.shape is None else
                 f'linespoints lw 2 pt {one.shape} ps 0.7')
        plots.append(f'$s{i} with {style} lc rgb "{one.colour}" dt {one.dash} {titled(one.name)}')
    script.append('plot ' + ', '.join(plots))
    # The key has as many columns as there is room for.
    names = [len(one.name) for one in series if one.name]
    columns = max(min(int(400 / (7.3 * max(names, default=1) + 45)), 3), 1)
    return script, (440, 262 + 18 * math.ceil(len(names) / columns))


def rows_of(labels):
    """An axis of names, the first at the top"""
    last = len(labels) - 1
    marks = ', '.join(f'{quoted(label)} {last - i}' for i, label in enumerate(labels))
    return [f'set yrange [-0.7:{last + 0.7}]', f'set ytics scale 0 ({marks})',
            'set lmargin 17', 'set tmargin 2.4', 'set key bmargin center horizontal Left reverse '
            'samplen 1 width -1']


def dots(title, along, labels, series, log=True, at=None):
    """A row for each label. The points of @series are (row, value), at @at is a line."""
    last = len(labels) - 1
    values = [v for one in series for _, v in one.points]
    script = head(title, along, '') + axis('x', values + [at], log) + rows_of(labels)
    script.append('set grid xtics noytics')
    ends = {}
    for one in series:
        for row, value in one.points:
            low, high = ends.get(row, (value, value))
            ends[row] = min(low, value), max(high, value)
    script += block('ends', [(low, last - row, high - low) for row, (low, high) in ends.items()])
    if at:
        script.append(f'set arrow from {at}, graph 0 to {at}, graph 1 nohead lw 1.5 '
                      f'lc rgb "{GREY}" back')
    names = [one.name for one in series if one.name]
    plots = [f'$ends using 1:2:3:(0) with vectors nohead lc rgb "{PALE}" lw 3 notitle']
    for i, one in enumerate(series):
        script += block(f's{i}', [(value, last - row) for row, value in one.points])
        plots.append(f'$s{i} with points pt {one.shape} ps 0.7 lc rgb "{one.colour}" '
                     f'{titled(one.name)}')
    script.append('plot ' + ', '.join(plots))
    return script, (460, 92 + 17 * (len(labels) + len(names)))


def bars(title, along, labels, names, colours, shares):
    """A bar for each label, of parts that sum up to 100 %"""
    last = len(labels) - 1
    script = head(title, along, '') + rows_of(labels)
    script += ['set xrange [0:100]', 'set xtics 20 format "%g %%"', 'set grid xtics noytics front',
               'set style fill solid 1 noborder']
    begin = [0.0] * len(labels)
    plots = []
    for i, (name, colour) in enumerate(zip(names, colours)):
        ends = [b + 100 * share[i] for b, share in zip(begin, shares)]
        script += block(f's{i}', [(b, last - row, b, e, last - row - 0.36, last - row + 0.36)
                                  for row, (b, e) in enumerate(zip(begin, ends))])
        plots.append(f'$s{i} using 1:2:3:4:5:6 with boxxyerror lc rgb "{colour}" '
                     f'title {quoted(name)}')
        begin = ends
    script.append('plot ' + ', '.join(plots))
    return script, (460, 92 + 17 * (len(labels) + len(names)))


# ---- points with names

WIDE, HIGH, EDGES = 900, 520, (70, 12, 40, 62)		# left, right, top, bottom in pixels


def places(points):
    """Where to write the names: (name, x, y) in pixels, without overlaps"""
    taken = [(x - 5, y - 5, x + 5, y + 5) for _, x, y in points]
    for name, x, y in points:
        wide = 6.6 * len(name)
        for dx, dy in ((8, 4), (-8 - wide, 4), (-wide / 2, -8), (-wide / 2, 18), (4, -6), (4, 15)):
            box = (x + dx, y + dy - 11, x + dx + wide, y + dy + 2)
            free = all(box[2] < b[0] or b[2] < box[0] or box[3] < b[1] or b[3] < box[1]
                       for b in taken)
            if free and box[0] > EDGES[0] and box[2] < WIDE - EDGES[1]:
                taken.append(box)
                yield name, box[0], y + dy - 4
                break


def named_points(title, along_x, along_y, points, front):
    """@points: (name, x, y), on log scales; @front: those on a line, with strong points"""
    xs, ys = [x for _, x, _ in points], [y for _, _, y in points]
    low, high = (min(xs) / 1.3, min(ys) / 1.1), (max(xs) * 1.5, max(ys) * 1.15)
    left, right, top, bottom = EDGES
    script = head(title, along_x, along_y)
    script += ['set logscale xy', f'set xrange [{low[0]:g}:{high[0]:g}]',
               f'set yrange [{low[1]:g}:{high[1]:g}]', f'set xtics ({tics(low[0], high[0])})',
               f'set ytics ({tics(low[1], high[1])})', 'unset key',
               f'set lmargin at screen {left / WIDE:.4f}',
               f'set rmargin at screen {1 - right / WIDE:.4f}',
               f'set tmargin at screen {1 - top / HIGH:.4f}',
               f'set bmargin at screen {bottom / HIGH:.4f}']

    def pixel(value, nth, length):
        return math.log(value / low[nth]) / math.log(high[nth] / low[nth]) * length

    # The names of the front first
    points = sorted(points, key=lambda p: p[0] not in front)
    spots = [(name, left + pixel(x, 0, WIDE - left - right),
              HIGH - bottom - pixel(y, 1, HIGH - top - bottom)) for name, x, y in points]
    for name, x, y in places(spots):
        script.append(f'set label {quoted(name)} at screen {x / WIDE:.4f}, {1 - y / HIGH:.4f} left')
    strong = sorted((x, y) for name, x, y in points if name in front)
    script += block('front', strong)
    script += block('all', [(x, y) for name, x, y in points if name not in front])
    script.append(f'plot $front with steps lc rgb "{ORANGE}" lw 1 dt 2, '
                  f'$all with points pt 7 ps 0.8 lc rgb "{SKY}", '
                  f'$front with points pt 7 ps 1.1 lc rgb "{ORANGE}"')
    return script, (WIDE, HIGH)


# ---- files

def draw(drawings):
    """Run gnuplot once, for (path, (script, size)) of all"""
    text = []
    for path, (script, (wide, high)) in drawings:
        text += ['reset', f'set terminal svg size {wide},{high} font "sans-serif,12" noenhanced '
                 'background "white" dynamic', f'set output {quoted(path)}', STYLE, *script,
                 'unset output']
    done = subprocess.run(['gnuplot'], input='\n'.join(text) + '\n', text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.stderr:
        print(f'gnuplot: {done.stderr.strip()}', file=sys.stderr)
    if done.returncode:
        raise RuntimeError('gnuplot failed')


def colour(found):
    text = '#' + ''.join(f'{int(part):02X}' for part in found.groups())
    if text in NAMES:
        return f'var(--{NAMES[text]},{text})'
    return {'#000000': 'currentColor', PALE: 'var(--grid,#D8D8D8)'}.get(text, text)


def inline(text, name, title):
    """A drawing as a part of a page: its own ids, the page's colours, and no background"""
    text = text[text.index('<svg'):]
    text = re.sub(r'<title>[^<]*</title>\s*<desc>[^<]*</desc>', '', text, count=1)
    text = re.sub(r'<rect x="0" y="0"[^>]*fill="#ffffff"/>', '', text, count=1)
    text = re.sub(r'<filter.*?</filter>', '', text, flags=re.S)
    text = re.sub(r' id="gnuplot_[^"]*"', '', text)
    text = re.sub(r'(#|id=\')gp', rf'\g<1>{name}-', text)
    text = re.sub(r'rgb\( *(\d+), *(\d+), *(\d+)\)', colour, text)
    text = text.replace('fill="black"', 'fill="currentColor"').replace(' color="black"', '')
    text = re.sub(r' stroke-linecap="butt" stroke-linejoin="miter"| font-family="sans-serif"', '',
                  text)
    text = re.sub(r'<g [^>]*>\s*</g>', '', text)
    text = re.sub(r'[\n\t ]+', ' ', text).replace('> <', '><')
    wide = int(re.search(r'viewBox="0 0 (\d+)', text).group(1))
    return text.replace('<svg ', f'<svg class="plot" role="img" aria-label="{escape(title)}" '
                        f'style="--w:{wide}px" ', 1)
