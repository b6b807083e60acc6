# SPDX-License-Identifier: GPL-2.0
"""Pieces of HTML for page.py. All text goes through escape()."""
import re
from html import escape

import gnuplot


def tag(name, content, **attributes):
    """content is HTML. An attribute class_ is class; one that is True has no value."""
    text = ''.join(f' {key.rstrip("_").replace("_", "-")}' + (
        '' if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items() if value not in (None, False))
    return f'<{name}{text}>{content}</{name}>'


def paragraph(text, **attributes):
    return tag('p', escape(text), **attributes)


def breakable(text):
    """Long names may break at their underscores."""
    return escape(text).replace('_', '_<wbr>')


# ---- tables

def cell_of(cell, words, first, head=None):
    """@head: that of the column, for screens on which a row is a card"""
    classes = [] if words else ['n']
    if cell.mark:
        classes.append(f'm-{cell.mark.split()[0]}')
    style = f'--h:{cell.heat:.2f}' if cell.heat else None
    if style:
        classes.append('h')
    attributes = {'class_': ' '.join(classes) or None, 'style': style}
    if first:
        return tag('th', escape(cell.text), scope='row', **attributes)
    return tag('td', escape(cell.text), data_head=head, **attributes)


def head_of(head, words, sortable):
    content = tag('button', escape(head.text), type='button') if sortable else escape(head.text)
    return tag('th', content, scope='col', class_=None if words else 'n', title=head.hint or None)


def table(made, label, sortable=True, class_=None):
    """A Table of tables.py, in a box in which it can be scrolled"""
    heads = ''.join(head_of(h, i < made.words, sortable) for i, h in enumerate(made.heads))
    rows = '\n'.join(tag('tr', ''.join(
        cell_of(c, i < made.words, i == 0, made.heads[i].text if class_ == 'words' else None)
        for i, c in enumerate(row))) for row in made.rows)
    text = tag('table', f'<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>',
               class_=class_)
    box = tag('div', text, class_='scroll', role='region', aria_label=label, tabindex='0')
    return box + (paragraph(made.note, class_='note') if made.note else '')


def folded(title, content, is_open=False):
    return tag('details', tag('summary', escape(title)) + content, open=is_open)


# ---- figures

def drawing(path, title):
    with open(path, encoding='utf-8') as file:
        name = re.sub(r'\W', '', path.rsplit('/', 1)[-1].removesuffix('.svg'))
        return gnuplot.inline(file.read(), name, title)


def figure(made, paths):
    """A Figure of plots.py, drawn to these files"""
    wide = made.drawings[0][1][1][0] > 600
    parts = [drawing(path, title) for path, (title, _) in zip(paths, made.drawings)]
    if wide:
        parts = [tag('div', part, class_='scroll', tabindex='0', role='region', aria_label=title)
                 for part, (title, _) in zip(parts, made.drawings)]
    columns = 'wide' if wide else 'drawings two' if len(parts) in (1, 2, 4) else 'drawings'
    return tag('figure', tag('div', '\n'.join(parts), class_=columns)
               + tag('figcaption', escape(made.caption)))
