# SPDX-License-Identifier: GPL-2.0
"""More tables of the lab, see tables.py: those with one line for each line of a file."""
import results
import tables
from results import figure, number, size, times
from tables import Cell, Head, Table, scale

MADVISE = {
    'way': Head('way', 'of giving pages back'), 'huge': 'huge pages', 'rss_before': 'before',
    'rss_after': 'after', 'faults': 'faults', 'cycles': 'cycles of the write',
    'huge_before': Head('in huge pages', 'bytes, before'),
    'lazy': Head('lazy', 'bytes that the kernel may take when it needs memory'),
    'rss_reclaimed': Head('reclaimed', 'resident bytes after the kernel took what it could'),
    'give': 'cycles of giving back',
}
# Columns in bytes
MEMORY = ('rss_before', 'rss_after', 'huge_before', 'lazy', 'rss_reclaimed')


def madvise_cell(key, text):
    if key in MEMORY:
        return size(number(text))
    if key == 'huge':
        return {'0': 'no', '1': 'yes'}.get(text, text)
    return text if key == 'way' else figure(number(text))


def madvise(found):
    rows = found.need('madvise')
    keys = [key for key in rows[0] if key in MADVISE]
    return Table([MADVISE[key] for key in keys],
                 [[madvise_cell(key, row[key]) for key in keys] for row in rows], 2)


def plain(text):
    """A figure, if it is one"""
    try:
        return figure(number(text))
    except ValueError:
        return text


def facts(found, name='facts'):
    rows = [[row['name'].replace('_', ' '), plain(row['value']), row['unit'].replace('_', ' ')]
            for row in found.need(name)]
    return Table(['fact', 'value', 'unit'], rows)


def experiments(found):
    return facts(found, 'experiments')


def served(row, key):
    return number(row[key]) if row['failed'] == '0' else None


def of_trace(lines, first, unit):
    """@first: the keys of the words at the left"""
    shares = [results.ratio(served(row, 'taken'), served(row, 'asked')) for row in lines]
    hot, slow = scale(shares), scale(served(row, 'cycles') for row in lines)
    rows = [[*(row[key] for key in first), figure(number(row['events'])),
             figure(number(row['failed'])), size(number(row['asked'])), size(number(row['taken'])),
             Cell(times(share), hot(share)), size(number(row['most'])),
             Cell(figure(served(row, 'cycles')), slow(served(row, 'cycles')))]
            for row, share in zip(lines, shares)]
    return Table([*first, 'calls', 'refused', 'asked (U)', 'taken (A)', 'A/U', 'most taken', unit],
                 rows, len(first))


def trace(found):
    return of_trace(found.need('trace'), ['strategy'], 'cycles of a call')


def kernel_trace(found):
    lines = sorted(found.need('kernel-trace'), key=lambda row: (
        row['runner'], row['strategy'] not in results.KERNEL))
    units = ' or '.join(dict.fromkeys(tables.runner_unit(row['runner']) for row in lines))
    table = of_trace(lines, ['strategy', 'runner'], f'{units} of a call')
    for row in table.rows:
        if row[0].text in results.KERNEL:
            row[0] = row[0]._replace(mark='kernel')
    return table


HOLDS = {'yes': 'yes', 'no': 'no', 'partly': 'other', 'not measured': 'other'}


def claims(found):
    rows = [[row['number'], row['claim'], row['measured'],
             Cell(row['holds'], None, HOLDS.get(row['holds'], 'other')), row['why']]
            for row in found.need('claims')]
    return Table(['no.', 'claim', 'measurement', 'holds', 'why'], rows, 5)


def counts(found):
    """{word: number} of claims"""
    counted = dict.fromkeys(HOLDS, 0)
    for row in found.need('claims'):
        counted[row['holds']] = counted.get(row['holds'], 0) + 1
    return counted


def examples(found):
    """What was found is in the comments in front of each "ok" or "not ok"."""
    rows, before = [], []
    for line in found.lines('examples.out'):
        verdict = next((v for v in ('ok', 'not ok') if line.startswith(v + ' ')), None)
        if not verdict:
            before.append(line.removeprefix('#').strip())
            continue
        name, _, rest = line.removeprefix(verdict + ' ').partition(':')
        name, _, skipped = name.partition(' # SKIP')
        strategy, _, what = name.partition('.')
        mark = 'other' if skipped else 'yes' if verdict == 'ok' else 'no'
        rows.append([strategy, what.replace('_', ' '), '; '.join(before),
                     Cell({'other': 'left out', 'no': 'no'}.get(mark, 'yes'), None, mark),
                     (rest + skipped).strip()])
        before = []
    if not rows:
        raise results.Missing('There is no examples.out.')
    return Table(['strategy', 'example', 'what was found', 'as in the notes', ''], rows, 5)


def examples_counted(found):
    """How many are as in the notes, of how many"""
    marks = [row[3].mark for row in examples(found).rows]
    return marks.count('yes'), len(marks) - marks.count('other')
