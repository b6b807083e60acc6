# SPDX-License-Identifier: GPL-2.0
"""The sections of the page, see page.py. Each is HTML, made of a Results and the plots' files."""
import findings
import markup
import results
import tables
import tables_runs
import tables_text
from markup import escape, folded, paragraph, tag


class Maker:
    """What sections are made of; what lacks its figures becomes a sentence"""

    def __init__(self, found, plots, paths, films):
        self.found, self.plots, self.paths, self.films = found, plots, paths, films

    def plot(self, name):
        made = self.plots[name]
        if isinstance(made, str):
            return missing(f'A plot is left out. {made}')
        return markup.figure(made, self.paths[name])

    def table(self, maker, label, *args, legend=False, class_=None):
        try:
            text = markup.table(maker(self.found, *args), label, class_=class_)
        except results.Missing as lacking:
            return missing(f'The table "{label}" is left out. {lacking}')
        return (LEGEND if legend else '') + text


def missing(text):
    return paragraph(text, class_='missing')


LEGEND = tag('p', '<span><i></i> from the best to the worst, on a log scale</span> '
             '<span><b>1.23</b> the best of its column</span> '
             '<span>- requests failed, or it was not measured</span>', class_='legend')


def section(name, title, *content):
    return tag('section', tag('h2', escape(title), id=f'{name}-title') + '\n'.join(content),
               id=name, aria_labelledby=f'{name}-title')


# ---- the conclusion

def conclusion(maker):
    cards = '\n'.join(tag('div', tag('dt', escape(f.question)) + tag(
        'dd', markup.breakable(f.answer), class_='answer') + tag(
            'dd', escape(f.text), class_='figures'))
        for f in findings.findings(maker.found))
    if not cards:
        cards = missing('There are no figures to draw a conclusion from.')
    return section('conclusion', 'What came out', paragraph('''
        Computed from the figures below. A mean is geometric, and over workloads that a strategy
        must serve, all of them. Workloads that take many strategies too long are left out of means:
        see below the plot. Strategies that free no single objects, have one size of objects, or
        move them, are no malloc(), and are not ranked.'''), tag(
            'dl', cards, class_='findings'), maker.plot('tradeoff'))


def strategies(maker):
    return section('strategies', 'The strategies', paragraph('''
        Each is one file, mod/lab/strategies/NAME.c, behind one interface, for the kernel and for
        programs alike. Lines of code are without comments and blank lines.'''),
                   maker.table(tables.strategies, 'Strategies', class_='words'))


# ---- animations

SCENE = '''The same calls for each: objects of mixed sizes; every second is freed; larger ones are
asked for, and some of the small ones again; another thread frees objects of 1,000 bytes in three
rounds; and all others are freed. The object of a call has an orange edge. Rows of the arena in
which nothing is ever used are left out.'''


def chooser(names, label, chosen):
    options = ''.join(tag('option', escape(n), value=n, selected=n == chosen) for n in names)
    return tag('div', tag('label', escape(label) + ' ' + tag('select', options)) + '<div></div>',
               class_='slot')


def animations(maker):
    films = maker.films
    if not films:
        return section('animations', 'Watch them work', missing('There is no frames.csv.'))
    names = list(films)
    second = 'buddy' if 'buddy' in films else names[-1]
    first = 'list_lifo' if 'list_lifo' in films else names[0]
    buttons = ''.join(tag('button', text, type='button', value=value) for value, text in (
        ('back', '\u2190 Back'), ('play', 'Pause'), ('next', 'Next \u2192')))
    speeds = ''.join(tag('option', text, value=value, selected=value == '1') for value, text in (
        ('0.25', 'slow'), ('1', 'normal'), ('3', 'fast')))
    controls = tag('div', buttons + tag('label', 'Speed ' + tag('select', speeds, class_='speed'))
                   + '<input type="range" min="0" value="0" aria-label="Call">'
                   + tag('output', '', class_='now'), class_='controls')
    stage = tag('div', tag('div', chooser(names, 'Strategy', first) + chooser(
        names, 'beside', second), class_='pair') + controls, class_='stage', hidden=True)
    # Without JavaScript, they run by themselves.
    all_films = tag('div', '\n'.join(tag('div', folded(name, film, name == first), data_film=name)
                                     for name, film in films.items()), class_='films')
    return section('animations', 'Watch them work', paragraph(SCENE), stage, all_films)


# ---- figures of workloads

def memory(maker):
    others = [w for w in ('use-others',) if not isinstance(maker.plots[w], str)]
    return section(
        'memory', 'Memory and time, by workload', maker.plot('memory'),
        tag('h3', 'Pages for each byte in use (A/U), when most was asked for'),
        maker.table(tables.memory, 'A/U by workload', legend=True),
        tag('h3', 'Cycles of a call, on average'),
        maker.table(tables.cycles, 'Cycles by workload', legend=True),
        tag('h3', 'What the pages are used for'), maker.plot('use'),
        *(folded('The other workloads', maker.plot(w)) for w in others))


def kernel(maker):
    found = maker.found
    content = [folded(f'{runner}: {tables.runner_unit(runner)} of a call', maker.table(
        tables.kernel, f'{runner} by workload', runner, legend=True), i == 0)
        for i, runner in enumerate(found.runners())]
    if content:
        content.append(folded('A/U in the kernel', maker.table(
            tables.kernel_memory, 'A/U in the kernel', legend=True)))
    return section('kernel', 'In the kernel, beside slabmod and SLUB', maker.plot('kernel'),
                   *content)


ADVERSARIES = {
    'turns': 'everything is allocated and freed, n times',
    'rising': 'all memory is used for n sizes, one after another',
    'tiny': 'n objects of a byte each',
    'rounding': 'each request is a byte more than half of a block of n bytes',
    'robson': 'objects stay where they are most in the way of the next size, up to n units',
    'crumble': 'a small request cuts the block that was freed last, or the largest, n times',
    'comb': 'small objects are left a block apart, and blocks of up to n units do not fit between',
    'cut': 'the same against the best fit, up to n units',
    'pinned': 'n sizes, one after another, and one object stays in each run of pages',
    'sparse': 'one object stays in each run of pages, which has room for n',
    'half': 'n superblocks are in use, all a bit more than half full',
    'drift': 'one thread allocates and another one frees, n times',
    'handover': 'n threads allocate in turns, and another one frees nearly all in between',
}


def grow(maker):
    known = {row['adversary'] for row in maker.found.rows('grow')}
    words = ''.join(tag('li', tag('b', escape(name)) + ': ' + escape(text))
                    for name, text in ADVERSARIES.items() if name in known)
    return section('worst', 'Worst cases, and their bounds', maker.plot('grow'),
                   tag('ul', words) if words else '',
                   tag('h3', 'A/U at the largest n, and its bound'),
                   maker.table(tables.worst, 'A/U of worst cases'),
                   folded('With n and bytes', maker.table(
                       tables.grow, 'Worst cases at the largest n')))


def steps(maker):
    return section('steps', 'What a call costs as n grows', maker.plot('steps'),
                   folded('Blocks of one size', maker.plot('steps-fixed')),
                   folded('Cycles at the least and the most n', maker.table(
                       tables.steps, 'Cycles of a call against n')),
                   tag('h3', 'Lists and trees'), maker.plot('steps-parts'),
                   folded('Their cycles', maker.table(
                       tables.steps_others, 'Cycles of lists and trees against n')))


# ---- programs

def challenge(maker):
    notes = [note[0].upper() + note[1:] + '.' for note in maker.found.lines('programs.notes')]
    return section('challenge', 'Beat the system allocator', maker.plot('challenge'), folded(
        'Milliseconds of each', maker.table(tables_runs.challenge, 'Milliseconds of programs',
                                            legend=True)),
        paragraph(' '.join(notes), class_='note') if notes else '')


def threads(maker):
    content = [folded(f'{program}: nanoseconds for each call', maker.table(
        tables_runs.threads, f'Nanoseconds of {program}', program, legend=True))
        for program in ('threadtest', 'larson')]
    content.append(folded('producer: milliseconds', maker.table(
        tables_runs.producer, 'Milliseconds of producer', legend=True)))
    return section(
        'threads', 'Threads', maker.plot('threads'), *content,
        tag('h3', 'Blowup'), maker.plot('blowup'), folded('Blowup of each', maker.table(
            tables_runs.blowup, 'Blowup', legend=True)),
        tag('h3', 'False sharing'), maker.plot('sharing'), folded(
            'Lines shared, and milliseconds', maker.table(tables_runs.sharing, 'False sharing')))


def real(maker):
    return section('real', 'Real programs', maker.plot('real'), folded(
        'Milliseconds and memory', maker.table(tables_runs.real, 'Real programs', legend=True)))


def trace(maker):
    content = [folded('All figures', maker.table(tables_text.trace, 'The recorded trace'))]
    if maker.found.rows('kernel-trace'):
        content.append(folded('The same in the kernel, beside slabmod and SLUB', maker.table(
            tables_text.kernel_trace, 'The recorded trace in the kernel')))
    return section('trace', 'A recorded trace of the kernel', maker.plot('trace'), *content)


def system(maker):
    return section('system', 'The machine and its operating system', paragraph('''
        What happens to a buffer that is written, given back and written again: nothing (keep),
        MADV_DONTNEED, MADV_FREE, or munmap() and mmap(); with small pages and with huge ones.
        Faults and cycles are those of the second write, and memory is what is resident.'''),
                   maker.table(tables_text.madvise, 'Giving memory back'),
                   folded('Facts that were measured', maker.table(tables_text.facts, 'Facts')),
                   folded('Experiments with strategies', maker.table(
                       tables_text.experiments, 'Experiments')))


# ---- claims and examples

SHARES = {'yes': 'var(--blue)', 'no': 'var(--orange)', 'partly': 'var(--amber)',
          'not measured': 'var(--grid)'}


def claims(maker):
    try:
        counted = tables_text.counts(maker.found)
    except results.Missing as lacking:
        return section('claims', 'The claims of the lectures', missing(str(lacking)))
    every = sum(counted.values())
    bar = ''.join(tag('span', '', style=f'flex:{n};--c:{SHARES.get(word, "var(--grid)")}')
                  for word, n in counted.items())
    text = ', '.join(f'{word}: {n}' for word, n in counted.items())
    buttons = tag('button', f'all {every}', type='button', value='', aria_pressed='true') + ''.join(
        tag('button', f'{escape(word)} {n}', type='button', value=word, aria_pressed='false')
        for word, n in counted.items() if n)
    return section('claims', 'The claims of the lectures', paragraph(f'''
        {every} statements of the lecture notes, each beside what was measured for it. Do they hold?
        {text}.'''), tag('div', bar, class_='share', role='img', aria_label=text),
        tag('div', buttons, class_='filter', hidden=True),
        maker.table(tables_text.claims, 'Claims', class_='words'))


def examples(maker):
    try:
        good, of = tables_text.examples_counted(maker.found)
    except results.Missing as lacking:
        return section('examples', 'Worked examples', missing(str(lacking)))
    return section('examples', 'Worked examples', paragraph(f'''
        The states and the numbers that the lecture notes have, beside what the strategies come to.
        {good} of {of} agree.'''), maker.table(tables_text.examples, 'Worked examples',
                                               class_='words'))


SECTIONS = (conclusion, strategies, animations, memory, kernel, grow, steps, challenge, threads,
            real, trace, system, claims, examples)
NAMES = {'conclusion': 'What came out', 'strategies': 'Strategies', 'animations': 'Animations',
         'memory': 'Memory and time', 'kernel': 'Kernel', 'worst': 'Worst cases',
         'steps': 'Cost against n', 'challenge': 'Beat the system', 'threads': 'Threads',
         'real': 'Real programs', 'trace': 'Trace', 'system': 'Machine', 'claims': 'Claims',
         'examples': 'Examples'}
