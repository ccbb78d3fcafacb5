"""Neutral CSV feeds: a layout as data, a reader that keeps every good row, a writer of nothing that it could not read.

`parse(data, layout)` and `render(frame, layout)` are all that a feed needs; `Layout`, `Field`, `Kind`, `Key` and `Rule`
say what a feed is.
"""

from tasuke.formats.csv_layout.definition import Field, Key, Kind, Layout, Rule
from tasuke.formats.csv_layout.reader import parse
from tasuke.formats.csv_layout.writer import UnwritableFrame, UnwritableValue, render

__all__ = ["Field", "Key", "Kind", "Layout", "Rule", "UnwritableFrame", "UnwritableValue", "parse", "render"]
