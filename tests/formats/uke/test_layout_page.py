from pathlib import Path

from tasuke.formats.uke.layout_page import position_tables

PAGE = Path(__file__).parents[3] / "docs" / "interfaces" / "uke.md"


def test_the_page_shows_the_positions_of_the_program():
    text = PAGE.read_text(encoding="utf-8")
    between = text.split("<!-- positions -->\n")[1].split("\n<!-- /positions -->")[0]
    assert between == position_tables()
