# SPDX-License-Identifier: GPL-2.0
# Sphinx configuration; scripts/htmldocs names the kernel's extensions and kernel-doc.

project = "slabmod"
author = "the slabmod maintainers"
copyright = "the slabmod maintainers, GPL-2.0"

extensions = ["kerneldoc", "sphinx.ext.graphviz"]
graphviz_output_format = "svg"
exclude_patterns = ["benchmarks"]
primary_domain = "c"
highlight_language = "none"
html_theme = "alabaster"
html_show_sourcelink = False

# scripts/man makes the pages of section 9.
man_pages = [
    ("slabmod", "slabmod", "allocator of physical memory in a kernel module", author, 4),
    ("slabmod-framemap", "slabmod-framemap", "draw the memory that slabmod holds", author, 1),
]

# Attributes of the C declarations in include/slabmod
c_id_attributes = [
    "__must_check", "__malloc", "__percpu", "__always_inline", "__printf", "__maybe_unused",
    "__user",
]
