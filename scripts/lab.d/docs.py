# SPDX-License-Identifier: GPL-2.0
"""
What Documentation/lab.rst includes of the results of scripts/lab: plots, tables as .inc, and the
claims.
"""
import os
import shutil

import plots
import results
import tables
import tables_runs

# Of each figure these drawings
DRAWINGS = {'tradeoff': ('Memory against time',), 'memory': ('A/U of each workload',),
            'blowup': ('ring, strategies for threads',), 'grow': ('robson',)}
TABLES = {'strategies': tables.strategies, 'memory': tables.memory, 'cycles': tables.cycles,
          'worst': tables.worst, 'blowup': tables_runs.blowup}


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def csv_table(table):
    yield '.. csv-table::'
    yield '   :header: ' + ', '.join(quoted(head.text) for head in table.heads)
    yield ''
    for row in table.rows:
        yield '   ' + ', '.join(quoted(cell.text) for cell in row)
    if table.note:
        yield from ('', table.note)


def write(found, directory):
    """Refuse results that are not complete."""
    os.makedirs(directory, exist_ok=True)
    made = plots.figures(found, DRAWINGS)
    lacking = [text for text in made.values() if isinstance(text, str)]
    if not found.rows('claims'):
        lacking.append('There is no claims.csv.')
    if lacking:
        raise SystemExit('page.py: ' + ' '.join(lacking))
    plots.write({name: figure._replace(drawings=[
        drawing for drawing in figure.drawings if drawing[0] in DRAWINGS[name]])
        for name, figure in made.items()}, directory)
    shutil.copy(f'{found.directory}/claims.csv', directory)
    for name, maker in TABLES.items():
        try:
            lines = ['.. Made by scripts/lab.d/page.py --docs.', '', *csv_table(maker(found))]
        except results.Missing as missing:
            raise SystemExit(f'page.py: {missing}') from None
        with open(f'{directory}/{name}.inc', 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)
