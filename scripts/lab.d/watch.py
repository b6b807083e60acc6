#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Play the frames of a strategy in a terminal.

usage: watch.py OUT STRATEGY [FRAMES]
    FRAMES  of a second (5)

It reads OUT/frames.csv. In a terminal each frame replaces the one before, in colours; ^C ends it.
Elsewhere the frames are printed one after another.
"""
import os
import sys
import time
from itertools import groupby

import film as films_of
import results

COLOURS = {'#': '34', '+': '36', '.': '90', '=': '33', '-': '35', '_': '90'}
LEGEND = '# object  + part object  . free  = metadata  - header, rest, lost'


def joined(cells, wide):
    """Cells of a row in fewer characters: what is most in use of those that are together"""
    step = -(-len(cells) // wide)
    order = '#+=-._'
    return ''.join(min(cells[i:i + step], key=order.index) for i in range(0, len(cells), step))


def coloured(text):
    runs = (''.join(run) for _, run in groupby(text))
    return ''.join(f'\033[{COLOURS[run[0]]}m{run}' for run in runs).replace('_', ' ') + '\033[0m'


def lines_of(film, nth, wide, in_colours):
    frame = film.frames[nth]
    times = f', A/U {frame.taken / frame.asked:.2f}' if frame.asked else ''
    yield (f'{film.strategy}, {nth} of {len(film.frames) - 1}: {films_of.said(frame.event)}')
    yield f'U {frame.asked:,} bytes, A {frame.taken:,} bytes{times}'
    last = None
    for row in film.rows:
        if last is not None and row != last + 1:
            yield f"{'...':>10}"
        text = joined(film.row(frame, row), wide)
        shown = coloured(text) if in_colours else text.replace('_', ' ')
        yield f'{row * films_of.COLUMNS * film.bytes:>10,} |{shown}|'
        last = row
    yield LEGEND


def play(film, frames):
    """Each frame from the upper left corner on"""
    print('\033[2J\033[?25l', end='')
    try:
        for nth in range(len(film.frames)):
            wide = min(films_of.COLUMNS, max(os.get_terminal_size().columns - 13, 16))
            text = '\033[K\n'.join(lines_of(film, nth, wide, True))
            print(f'\033[H{text}\033[J', flush=True)
            time.sleep(1 / frames)
    finally:
        print('\033[?25h', end='', flush=True)


def main(out, strategy, frames='5'):
    films = films_of.films(results.Results(out))
    if not films:
        sys.exit(f'watch.py: there are no frames in {out}/frames.csv')
    if strategy not in films:
        sys.exit(f"watch.py: there is no '{strategy}'; there are {' '.join(films)}")
    try:
        speed = float(frames)
    except ValueError:
        speed = 0
    if speed <= 0:
        sys.exit(f"watch.py: '{frames}' is no number above 0")
    film = films[strategy]
    if sys.stdout.isatty():
        play(film, speed)
        return
    for nth in range(len(film.frames)):
        print('\n'.join(lines_of(film, nth, 80, False)), end='\n\n')


if __name__ == '__main__':
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
