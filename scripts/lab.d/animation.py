#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Animations of strategies: an SVG for each, of the arena after each call.

usage: animation.py OUT    of OUT/frames.csv: OUT/animation-NAME.svg

It runs by itself, by SMIL, and repeats. Cells that change alike are one rectangle, with the moments
at which its colour changes, so that a file has what changes and not the frames. Without SMIL the
picture is that of the moment when most was asked for.
"""
import os
import sys
from html import escape

import film as films_of
import results

SECOND = 5		# frames
HOLD = 8		# frames for which the last one stays

CELL, ROW, GAP = 5, 12, 7
LEFT, RIGHT, TOP = 68, 6, 66
WIDTH = LEFT + CELL * films_of.COLUMNS + RIGHT
LEGEND = 26

# Okabe and Ito's colours; what is free is pale on light and on dark.
COLOURS = {'#': '#0072B2', '+': '#56B4E9', '.': '#80808048', '=': '#E69F00', '-': '#CC79A7',
           '_': '#80808010'}
NEW, EDGE = '#D55E00', '#ffffffa0'

STYLE = '''.film{color:#1d1f23;background:#fff;font:17px sans-serif}
.film text{fill:currentColor}
@media(prefers-color-scheme:dark){.film{color:#e3e5e8;background:#16181c}}'''


class Clock:
    """Moments as the parts of a loop"""

    def __init__(self, frames):
        self.all = frames + HOLD
        self.dur = f'{self.all / SECOND:g}s'

    def at(self, frame):
        return f'{frame / self.all:.4f}'.rstrip('0').lstrip('0').rstrip('.') or '0'

    def animate(self, what, changes):
        """changes: [(frame, value), ...], from frame 0 on"""
        if len(changes) < 2:
            return ''
        values = ';'.join(str(value) for _, value in changes)
        times = ';'.join(self.at(frame) for frame, _ in changes)
        return (f'<animate attributeName="{what}" calcMode="discrete" dur="{self.dur}" '
                f'repeatCount="indefinite" values="{values}" keyTimes="{times}"/>')

    def between(self, begin, end):
        """Visible in these frames only; those of the end stay to the end of the loop"""
        changes = [(0, 'hidden')] if begin else []
        changes.append((begin, 'visible'))
        if end < self.all - HOLD:
            changes.append((end, 'hidden'))
        return self.animate('visibility', changes)


def changes_of(values):
    """[(frame, value), ...] where a value differs from the one before"""
    return [(i, v) for i, v in enumerate(values) if i == 0 or v != values[i - 1]]


# ---- the map

def lines_of(film):
    """{row: y of the picture}, with a gap where rows are left out"""
    lines, y, last = {}, TOP, None
    for row in film.rows:
        if last is not None and row != last + 1:
            y += GAP
        lines[row] = y
        y, last = y + ROW, row
    return lines, y


def groups(film, row):
    """(first, end, history) of cells side by side that change alike"""
    columns = [''.join(kinds) for kinds in zip(*(film.row(f, row) for f in film.frames))]
    first = 0
    for i in range(1, len(columns) + 1):
        if i == len(columns) or columns[i] != columns[first]:
            yield first, i, columns[first]
            first = i


def draw_cells(film, lines, clock):
    shown = film.fullest()
    for row, y in lines.items():
        for first, end, history in groups(film, row):
            moves = clock.animate('fill', [(i, COLOURS[kind]) for i, kind in changes_of(history)])
            yield (f'<rect x="{LEFT + first * CELL}" y="{y}" width="{(end - first) * CELL}" '
                   f'height="{ROW - 1}" fill="{COLOURS[history[shown]]}">{moves}</rect>')


def address(value):
    return results.size(value) if value else '0'


def draw_addresses(film, lines):
    last = None
    for row, y in lines.items():
        if last is None or row != last + 1 or len(lines) < 3:
            start = address(row * films_of.COLUMNS * film.bytes)
            yield (f'<text x="{LEFT - 6}" y="{y + 10}" text-anchor="end" font-size="12">{start}'
                   '</text>')
        last = row


def outline(film, lines, at, size):
    """A path around an object, in each row that it lies in"""
    wide = films_of.COLUMNS * film.bytes
    end = at + max(size, 1)
    path = ''
    for row in range(at // wide, (end - 1) // wide + 1):
        if row not in lines:
            continue
        left = LEFT + (max(at, row * wide) - row * wide) / film.bytes * CELL
        right = LEFT + (min(end, (row + 1) * wide) - row * wide) / film.bytes * CELL
        path += f'M{left:.4g} {lines[row]}h{max(right - left, 2):.4g}v{ROW - 1}H{left:.4g}z'
    return path


def draw_objects(film, lines, clock):
    """Edges of objects, with a colour of their own in the frames of their calls"""
    shown = film.fullest()
    for each in film.objects():
        path = outline(film, lines, each.at, each.size)
        colours = [(0, NEW), (each.born + 1, EDGE)]
        if each.died < len(film.frames):
            colours.append((each.died, NEW))
        visible = '' if each.born <= shown < each.died else ' visibility="hidden"'
        yield (f'<path d="{path}" stroke="{EDGE}"{visible}>'
               f'{clock.between(each.born, min(each.died + 1, len(film.frames)))}'
               f"{clock.animate('stroke', colours)}</path>")


# ---- what is around it

def draw_bars(film, clock):
    """The bytes taken, and of them those asked for"""
    most = max(frame.taken for frame in film.frames) or 1
    wide = CELL * films_of.COLUMNS
    shown = film.frames[film.fullest()]
    for name, colour in (('taken', '#80808060'), ('asked', COLOURS['#'])):
        now = [round(getattr(frame, name) / most * wide, 1) for frame in film.frames]
        yield (f'<rect x="{LEFT}" y="50" height="8" fill="{colour}" '
               f'width="{getattr(shown, name) / most * wide:.1f}">'
               f"{clock.animate('width', changes_of(now))}</rect>")
    yield f'<text x="{LEFT - 6}" y="58" text-anchor="end" font-size="12">U of A</text>'


def caption(frame):
    share = f', A/U {results.times(frame.taken / frame.asked)}' if frame.asked else ''
    return f'asked {results.size(frame.asked)}, taken {results.size(frame.taken)}{share}'


def draw_captions(film, clock):
    shown = film.fullest()
    for nth, frame in enumerate(film.frames):
        hidden = '' if nth == shown else ' visibility="hidden"'
        yield (f'<g class="step"{hidden}>{clock.between(nth, nth + 1)}'
               f'<text x="{LEFT}" y="40">{nth}. {escape(films_of.said(frame.event))}</text>'
               f'<text x="{WIDTH - RIGHT}" y="40" text-anchor="end">{caption(frame)}</text></g>')


def draw_legend(film, y):
    x = LEFT
    for kind, name in films_of.KINDS.items():
        if kind == '_':
            continue
        yield (f'<rect x="{x}" y="{y}" width="11" height="11" fill="{COLOURS[kind]}"/>'
               f'<text x="{x + 16}" y="{y + 10}" font-size="12">{name}</text>')
        x += 34 + 7 * len(name)
    yield (f'<text x="{WIDTH - RIGHT}" y="{y + 10}" text-anchor="end" font-size="12">'
           f'a cell is {film.bytes} bytes</text>')


def draw(film, text=''):
    """The SVG of a film; @text is a line about the strategy"""
    clock = Clock(len(film.frames))
    lines, end = lines_of(film)
    height = end + 8 + LEGEND
    name = escape(film.strategy)
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" class="film" viewBox="0 0 {WIDTH} {height}" '
           f'role="img" aria-label="{name}: the arena after each of {len(film.frames) - 1} calls" '
           f'data-frames="{len(film.frames)}" data-loop="{clock.all}" data-second="{SECOND}">')
    yield f'<style>{STYLE}</style>'
    yield (f'<text x="{LEFT}" y="18" font-size="13"><tspan font-weight="bold" font-size="16">{name}'
           f'</tspan> {escape(text)}</text>')
    yield from draw_captions(film, clock)
    yield from draw_bars(film, clock)
    yield from draw_addresses(film, lines)
    yield from draw_cells(film, lines, clock)
    yield '<g fill="none" stroke-width="1.5">'
    yield from draw_objects(film, lines, clock)
    yield '</g>'
    yield from draw_legend(film, end + 8)
    yield '</svg>'


def animations(found):
    """{strategy: SVG}"""
    texts = found.texts()
    return {name: '\n'.join(draw(film, texts.get(name, '')))
            for name, film in films_of.films(found).items()}


def write(films, directory):
    """Write what animations() made."""
    for name, text in films.items():
        with open(f'{directory}/animation-{os.path.basename(name)}.svg', 'w',
                  encoding='utf-8') as file:
            file.write(text + '\n')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(animations(results.Results(sys.argv[1])), sys.argv[1])
