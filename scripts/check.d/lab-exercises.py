#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the commands that documents show, and compare what they print with what is shown.

usage: lab-exercises.py [--update] TREE LAB DOCUMENT...

Blocks are those of ".. code-block:: console". A line that begins with "$ " is a command, one with
"> " continues it, and what follows is its output. A command without output must succeed. Commands
run in TREE, in their order. Each document begins with a copy of LAB as TREE/build/lab. A block may
have options, as ":class: varies guest":

  varies      numbers may differ
  guest       it boots a guest: it runs in the directory of this file's tree, and only its standard
              output counts. A command that was run before is not run again.
  needs-NAME  it is skipped if there is no program NAME

Prints a line "ok DOCUMENT: HEADING" or "not ok DOCUMENT: HEADING" for each section with commands,
and for each of the latter what is different. With --update, replaces the output that a DOCUMENT shows
by what the commands print.
"""
import difflib
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
TIMEOUT = 60 * int(os.environ.get("SLABMOD_PATIENCE", "10"))
NUMBER = re.compile(r"\d+([.,]\d+)*")
guests = {}


class Command:
    """A command of a document, with the lines (from, to) of its output there."""

    def __init__(self, text, section, classes, line):
        self.text, self.section, self.classes = text, section, classes
        self.output, self.lines = [], (line, line)

    def run(self, tree):
        """Return the lines that it prints, and its status."""
        if "guest" not in self.classes:
            return self.run_in(tree, subprocess.STDOUT)
        if self.text not in guests:
            guests[self.text] = self.run_in(TOP, subprocess.PIPE)
        return guests[self.text]

    def run_in(self, directory, errors):
        try:
            done = subprocess.run(["bash", "-c", self.text], cwd=directory, text=True,
                                  stdout=subprocess.PIPE, stderr=errors,
                                  stdin=subprocess.DEVNULL, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return [f"it takes more than {TIMEOUT} seconds"], 124
        # What a guest's script says besides matters if it failed.
        printed = done.stdout + (done.stderr or "" if done.returncode else "")
        return [line.rstrip() for line in printed.rstrip().splitlines()], done.returncode

    def lacks(self):
        """Return the program that it needs and that is not there, or None."""
        needs = [word[6:] for word in self.classes if word.startswith("needs-")]
        return next((name for name in needs if not shutil.which(name)), None)

    def plain(self, lines):
        if "varies" in self.classes:
            lines = [" ".join(NUMBER.sub("N", line).split()) for line in lines]
        return [line for line in lines if line]


def is_underline(line):
    return len(line) > 3 and set(line) in ({"="}, {"-"})


def commands_of(lines):
    """Return the commands of a document."""
    found, section, classes, indent = [], "", None, ""
    for number, line in enumerate(lines):
        if is_underline(line) and number and lines[number - 1].strip():
            section = lines[number - 1].strip()
        if line.startswith(".. code-block:: console"):
            classes, indent = [], None
        elif classes is not None and line.strip().startswith(":class:"):
            classes = line.split()[1:]
        elif classes is not None and line.strip():
            if not line.startswith(" "):
                classes = None
                continue
            indent = indent or line[:len(line) - len(line.lstrip())]
            add_line(found, line.removeprefix(indent), section, classes, number)
    return found


def add_line(found, text, section, classes, number):
    if text.startswith("$ "):
        found.append(Command(text[2:], section, classes, number + 1))
    elif text.startswith("> "):
        found[-1].text += "\n" + text[2:]
        found[-1].lines = (number + 1, number + 1)
    else:
        found[-1].output.append(text.rstrip())
        found[-1].lines = (found[-1].lines[0], number + 1)


def differences(command, tree):
    """Run a command. Return what it did, and lines that say what is wrong."""
    printed, status = command.run(tree)
    if not command.output:
        return printed, [f"status {status}", *printed] if status else []
    return printed, list(difflib.unified_diff(
        command.plain(command.output), command.plain(printed), "shown", "printed", lineterm=""))


def check(name, commands, tree):
    """Print the verdict of each section. Return what each command printed, or None."""
    sections, all_printed = {}, []
    for command in commands:
        wrong, skipped = sections.setdefault(command.section, ([], []))
        if command.lacks():
            skipped.append(f"there is no {command.lacks()}")
            all_printed.append(None)
            continue
        printed, different = differences(command, tree)
        all_printed.append(printed)
        if different:
            wrong += [f"$ {command.text}", *different]
    for section, (wrong, skipped) in sections.items():
        print(f"{'not ok' if wrong else 'ok'} {name}: {section}")
        for line in wrong:
            print(f"# {line}")
        for why in skipped:
            print(f"ok {name}: {section}: a command # SKIP {why}")
        sys.stdout.flush()
    return all_printed


def update(path, lines, commands, all_printed):
    """Replace output from the end on, so that numbers of lines stay right."""
    for command, printed in reversed(list(zip(commands, all_printed))):
        if command.output and printed is not None:
            lines[slice(*command.lines)] = ["    " + line if line else "" for line in printed]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def do_document(path, tree, is_update):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    commands = commands_of(lines)
    if not commands:
        print(f"not ok {path} has no commands")
        return
    all_printed = check(os.path.basename(path), commands, tree)
    if is_update:
        update(path, lines, commands, all_printed)


def main():
    arguments = [word for word in sys.argv[1:] if word != "--update"]
    if len(arguments) < 3:
        print(__doc__.strip())
        return 2
    tree, lab, *paths = arguments
    for path in paths:
        shutil.rmtree(f"{tree}/build/lab")
        # With the times of the files, so that make does not build them again
        shutil.copytree(lab, f"{tree}/build/lab")
        do_document(path, tree, "--update" in sys.argv)
    return 0


sys.exit(main())
