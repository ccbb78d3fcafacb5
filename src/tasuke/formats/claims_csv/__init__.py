"""Decided claims as CSV in whatever columns a 国保連 or 支払基金 gives: a mapping (TOML) says what stands where.

No nation-wide layout of these files is public, so each municipality describes its own; example_rengo.toml is a complete
example. `parse` gives the same neutral frames as tasuke.formats.uke.
"""

from tasuke.formats.claims_csv.definition import Mapping
from tasuke.formats.claims_csv.loading import example_mapping, load_mapping
from tasuke.formats.claims_csv.reader import parse
from tasuke.formats.claims_csv.writer import render

__all__ = ["Mapping", "example_mapping", "load_mapping", "parse", "render"]
