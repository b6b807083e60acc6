# SPDX-License-Identifier: GPL-2.0
"""What Documentation/lab.rst includes of the results of scripts/lab: plots, and tables as .inc."""
import os

import plots
import results
import tables
import tables_runs

FIGURES = ('tradeoff', 'memory', 'blowup', 'grow')
ADVERSARIES = ('robson', 'cut', 'pinned', 'half')
TABLES = {'strategies': tables.strategies, 'memory': tables.memory, 'cycles': tables.cycles,
          'worst': tables.grow, 'blowup': tables_runs.blowup}


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
    made = plots.figures(found, FIGURES)
    lacking = [text for text in made.values() if isinstance(text, str)]
    if lacking:
        raise SystemExit('page.py: ' + ' '.join(lacking))
    made['grow'] = made['grow']._replace(drawings=[
        drawing for drawing in made['grow'].drawings if drawing[0] in ADVERSARIES])
    plots.write(made, directory)
    for name, maker in TABLES.items():
        try:
            lines = ['.. Made by scripts/lab.d/page.py --docs.', '', *csv_table(maker(found))]
        except results.Missing as missing:
            raise SystemExit(f'page.py: {missing}') from None
        with open(f'{directory}/{name}.inc', 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in lines)
