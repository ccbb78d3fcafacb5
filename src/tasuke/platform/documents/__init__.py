"""Papers as PDF by Typst: certificates, notices, lists. Templates belong to the rooms that use them."""

from tasuke.platform.documents.fonts import FontsMissing, font_folders
from tasuke.platform.documents.render import PaperFailed, render_paper, render_shards

__all__ = ["FontsMissing", "PaperFailed", "font_folders", "render_paper", "render_shards"]
