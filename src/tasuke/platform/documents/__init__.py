"""Papers as PDF by Typst: certificates, notices, lists. Templates belong to the rooms that use them."""

from tasuke.platform.documents.fonts import FontsMissing, font_folders
from tasuke.platform.documents.lists import LIST_TEMPLATE, Column, Line, list_paper
from tasuke.platform.documents.render import PaperFailed, render_paper, render_shards

__all__ = [
    "LIST_TEMPLATE",
    "Column",
    "FontsMissing",
    "Line",
    "PaperFailed",
    "font_folders",
    "list_paper",
    "render_paper",
    "render_shards",
]
