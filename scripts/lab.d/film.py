# SPDX-License-Identifier: GPL-2.0
"""The frames of frames.csv: what animation.py draws and watch.py plays.

A film is what lab/frames.c saw of one strategy. A frame has the call, the bytes asked for and
taken, and a string of cells, as mod/lab/map.h has them, with '_' outside of all pages.
"""
import re
from collections import namedtuple

import results

COLUMNS = 128		# as in lab/frames.c

KINDS = {
    '#': 'object',
    '+': 'part object',
    '.': 'free',
    '=': 'metadata',
    '-': 'header, rest, lost',
    '_': 'no page',
}
USED = '#+='

Frame = namedtuple('Frame', 'event at asked taken cells')
Object = namedtuple('Object', 'number at size born died')


def cells_of(text):
    """A map without its runs"""
    return ''.join(kind * int(count) for count, kind in re.findall(r'(\d+)(\D)', text))


def said(event):
    """An event in words"""
    verb, *rest = event.split(':')
    if verb == 'start':
        return 'the arena at the start'
    if verb == 'other':
        return f'free object {rest[0]}, by another thread'
    if verb == 'free':
        return f'free object {rest[0]}'
    done = 'refused' if verb == 'failed' else f'object {rest[0]}'
    return f'alloc {int(rest[1]):,} \u2192 {done}'


class Film:
    def __init__(self, strategy, rows):
        self.strategy = strategy
        self.bytes = int(rows[0]['bytes'])		# of a cell
        frames = [Frame(r['event'], results.number(r['at']), int(r['asked']), int(r['taken']),
                        cells_of(r['map'])) for r in rows]
        length = max(len(frame.cells) for frame in frames)
        length += -length % COLUMNS
        self.frames = [f._replace(cells=f.cells.ljust(length, '_')) for f in frames]
        self.rows = self.interesting()

    def interesting(self):
        """Numbers of rows that have an object or metadata in some frame"""
        length = len(self.frames[0].cells)
        return [start // COLUMNS for start in range(0, length, COLUMNS)
                if any(set(USED) & set(f.cells[start:start + COLUMNS]) for f in self.frames)]

    def row(self, frame, row):
        return frame.cells[row * COLUMNS:(row + 1) * COLUMNS]

    def fullest(self):
        """The number of the frame in which most was asked for"""
        return max(range(len(self.frames)), key=lambda i: self.frames[i].asked)

    def objects(self):
        """All that were allocated, and in which frames. Those that move are left out."""
        alive, found = {}, []
        for nth, frame in enumerate(self.frames):
            verb, *rest = frame.event.split(':')
            if verb == 'alloc' and frame.at is not None:
                alive[rest[0]] = Object(rest[0], frame.at, int(rest[1]), nth, len(self.frames))
            elif verb in ('free', 'other') and rest[0] in alive:
                found.append(alive.pop(rest[0])._replace(died=nth))
        return found + list(alive.values())


def films(found):
    """{strategy: Film} of a Results"""
    by_strategy = {}
    for row in found.rows('frames'):
        by_strategy.setdefault(row['strategy'], []).append(row)
    return {name: Film(name, rows) for name, rows in by_strategy.items()}
