# SPDX-License-Identifier: GPL-2.0
"""Tables of programs that ran with the strategies as their malloc(), see tables.py."""
import results
import runs
from results import figure, milli, size, times
from tables import Cell, Head, Table, heated, matrix, scale


def own_scales(values, text):
    """As tables.heated(), but each column has a scale of its own"""
    heats = [scale(column) for column in zip(*values)]
    for cells, row in zip(heated(values, text), values):
        yield [cell._replace(heat=heat(v)) for cell, heat, v in zip(cells, heats, row)]


def by_threads(found, program, value, text):
    of = runs.of_program(found, program)
    columns = runs.threads_of(of)
    cells = {(run.library, run.threads): run for run in of}
    rows = matrix(cells, lambda run: run and value(run), runs.libraries(of), columns, text)
    return Table(['malloc()', *map(runs.named, columns)], rows, 1, failures(of))


def failures(of):
    """A sentence about the runs without figures"""
    failed = [f'{run.program} with {run.library}, {runs.named(run.threads)} ({run.result})'
              for run in of if run.seconds is None]
    return f"Without figures: {', '.join(failed)}." if failed else ''


def threads(found, program):
    return by_threads(found, program, runs.per_call, figure)


def producer(found):
    return by_threads(found, 'producer', lambda run: run.seconds, milli)


def challenge(found):
    """Milliseconds of list, vector and collatz"""
    of = runs.of_program(found, *runs.CHALLENGE)
    columns = list(dict.fromkeys((run.program, run.threads) for run in of))
    cells = {(run.library, (run.program, run.threads)): run.seconds for run in of}
    names = runs.libraries(of)
    values = [[cells.get((name, column)) for column in columns] for name in names]
    rows = [[name, *row] for name, row in zip(names, own_scales(values, milli))]
    heads = [Head(f'{program}, {n}', runs.named(n)) for program, n in columns]
    return Table(['malloc()', *heads], rows, 1, failures(of))


BLOWUPS = {'drift': 'pairs', 'drift-ring': 'ring'}


def blowup(found):
    """Memory with several threads by that with one, and with more rounds by that with few"""
    columns = {}
    for program, word in BLOWUPS.items():
        for name, points in runs.blowup(found, program).items():
            for n, value in points:
                if n > 1:
                    columns.setdefault(f'{word}, {runs.named(n)}', {})[name] = value
    for program, word in (('drift', 'pairs'), ('producer', 'producer')):
        try:
            columns[f'{word}, 4 times the rounds'] = runs.rounds(found, program)
        except results.Missing:
            pass
    of = runs.of_program(found, *BLOWUPS)
    names = [n for n in runs.libraries(of) if any(n in column for column in columns.values())]
    values = [[column.get(name) for column in columns.values()] for name in names]
    rows = [[name, *row] for name, row in zip(names, heated(values, times))]
    return Table(['malloc()', *columns], rows, 1, failures(of))


def sharing(found):
    of = runs.of_program(found, 'sharing-active', 'sharing-passive')
    columns = list(dict.fromkeys((run.program, run.threads) for run in of if run.threads > 1))
    cells = {(run.library, (run.program, run.threads)): run for run in of}
    heat = scale(run.seconds for run in of if run.threads > 1)
    rows = []
    for name in runs.libraries(of):
        row = [name]
        for column in columns:
            run = cells.get((name, column))
            lines = run.result if run and isinstance(run.result, int) else None
            row.append(Cell(figure(lines), None if lines is None else min(lines, 1) * 0.6))
            row.append(Cell(milli(run.seconds), heat(run.seconds)) if run else '-')
        rows.append(row)
    heads = ['malloc()']
    for program, n in columns:
        heads += [f"{program.removeprefix('sharing-')}, {n}: lines", 'ms']
    return Table(heads, rows, 1, failures(of))


def real(found):
    table = runs.reals(found)
    columns = list(dict.fromkeys(program for program, _ in table))
    names = list(dict.fromkeys(name for _, name in table))

    def part(key, text):
        values = [[runs.value(table.get((c, n)), key) for c in columns] for n in names]
        return own_scales(values, text)

    rows = [[name, *fast, *small] for name, fast, small in zip(
        names, part('seconds', milli), part('rss', lambda v: size(v and v * 1024)))]
    failed = [f"{program} with {name} ({row['status']})" for (program, name), row in table.items()
              if runs.value(row, 'seconds') is None]
    heads = [f'{c}, ms' for c in columns] + [f'{c}, memory' for c in columns]
    return Table(['malloc()', *heads], rows, 1,
                 f"Without figures: {', '.join(failed)}." if failed else '')
