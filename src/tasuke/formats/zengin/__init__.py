"""総合振込 of the 全銀協 fixed-length format: read, check, write."""

from tasuke.formats.zengin.reader import parse, parse_files
from tasuke.formats.zengin.records import SCHEMA, Header, TransferFile, month_day
from tasuke.formats.zengin.validation import validate
from tasuke.formats.zengin.writer import Separator, TransfersRejected, render

__all__ = [
    "SCHEMA",
    "Header",
    "Separator",
    "TransferFile",
    "TransfersRejected",
    "month_day",
    "parse",
    "parse_files",
    "render",
    "validate",
]
