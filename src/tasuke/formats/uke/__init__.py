"""レセプト電算 (UKE): what medical institutions bill and what the payer receives of it."""

from tasuke.formats.uke.layouts import UkeKind
from tasuke.formats.uke.reader import Head, UkeFile, parse
from tasuke.formats.uke.totals import check_volumes
from tasuke.formats.uke.writer import render, render_with_lines

__all__ = ["Head", "UkeFile", "UkeKind", "check_volumes", "daily_cost", "parse", "render", "render_with_lines"]

daily_cost = UkeFile.daily_cost
