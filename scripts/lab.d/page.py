#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The page of the lab: everything that was measured, in one file.

usage: page.py OUT              of the files in OUT: OUT/index.html, OUT/plot-*.svg,
                                OUT/animation-*.svg
       page.py --docs OUT DIR   tables and plots for Documentation/lab.rst, in DIR

The page needs no other file, and no network. What has no figures is left out, with a sentence that
says so.
"""
import glob
import os
import sys

import animation
import docs
import plots
import results
import sections
from markup import escape, paragraph, tag

HERE = os.path.dirname(os.path.abspath(__file__))
TITLE = 'The lab: strategies for allocation, measured'
LEAD = '''Lectures describe many ways to allocate memory: pointers that only advance, lists, trees,
buddies, buckets, and heaps for threads. Here each of them was run with the same workloads, against
its worst cases, and as the malloc() of programs, to see what it costs and whether what the lectures
say of it holds.'''


def own(name):
    with open(f'{HERE}/{name}', encoding='utf-8') as file:
        return file.read()


def navigation():
    links = ''.join(tag('li', tag('a', escape(text), href=f'#{name}'))
                    for name, text in sections.NAMES.items())
    return tag('nav', tag('details', '<summary>Contents</summary>' + tag('ol', links), open=True),
               aria_label='Contents')


def page(found, made, paths, films):
    maker = sections.Maker(found, made, paths, films)
    body = '\n'.join(make(maker) for make in sections.SECTIONS)
    lines = [
        '<!DOCTYPE html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        tag('title', TITLE), tag('style', own('page.css')), '</head>', '<body>',
        '<a class="skip" href="#conclusion">Skip to what came out</a>', '<div class="layout">',
        navigation(), '<main>',
        tag('header', tag('h1', TITLE) + paragraph(LEAD, class_='lead')), body,
        tag('footer', paragraph('''Made by make lab from the CSV files beside this page, which have
        all the figures. report.txt has them as text.''')),
        '</main>', '</div>', tag('script', own('page.js')), '</body>', '</html>', '']
    return '\n'.join(lines)


def replace(path, text):
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.rename(path + '.new', path)


def main(out):
    for old in glob.glob(f'{glob.escape(out)}/plot-*.svg') + glob.glob(
            f'{glob.escape(out)}/animation-*.svg'):
        os.remove(old)
    found = results.Results(out)
    made, films = plots.figures(found), animation.animations(found)
    replace(f'{out}/index.html', page(found, made, plots.write(made, out), films))
    animation.write(films, out)


if __name__ == '__main__':
    if len(sys.argv) == 4 and sys.argv[1] == '--docs':
        docs.write(results.Results(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 2 and not sys.argv[1].startswith('-'):
        main(sys.argv[1])
    else:
        sys.exit(__doc__)
