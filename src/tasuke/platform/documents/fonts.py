"""Which fonts the papers are set in, and where they lie.

BIZ UD for the text (made for office work, told apart by weak eyes), IPAmj明朝 for names: it carries the 58,862
characters of 文字情報基盤 with their variation sequences.
"""

import os
from pathlib import Path

# family → file, as Debian 12 installs them
WANTED = {
    "BIZ UDGothic": "bizud-gothic/BIZUDGothic-Regular.ttf",
    "BIZ UDPGothic": "bizud-gothic/BIZUDPGothic-Regular.ttf",
    "BIZ UDMincho": "bizud-mincho/BIZUDMincho-Regular.ttf",
    "BIZ UDPMincho": "bizud-mincho/BIZUDPMincho-Regular.ttf",
    "IPAmjMincho": "ipamj/ipamjm.ttf",
}
_DEBIAN = Path("/usr/share/fonts/truetype")


class FontsMissing(RuntimeError):
    """A paper would be set in another font than its design and could lose characters of a name."""

    def __init__(self, families: list[str]) -> None:
        super().__init__(
            f"フォントがありません: {', '.join(families)}。script/bootstrap を実行するか、"
            "TASUKE_FONTS にフォントのフォルダーを指定してください"
        )
        self.families = families


def missing_fonts() -> list[str]:
    """Families that no folder holds."""
    roots = [Path(p) for p in os.environ.get("TASUKE_FONTS", "").split(os.pathsep) if p]
    if any(root.is_dir() for root in roots):
        files = {f.name for root in roots for f in root.rglob("*.ttf")}
        return [family for family, path in WANTED.items() if Path(path).name not in files]
    return [family for family, path in WANTED.items() if not (_DEBIAN / path).is_file()]


def font_folders() -> list[str]:
    """Folders to hand to Typst: TASUKE_FONTS, or Debian's. Raises FontsMissing."""
    missing = missing_fonts()
    if missing:
        raise FontsMissing(missing)
    own = [p for p in os.environ.get("TASUKE_FONTS", "").split(os.pathsep) if p and Path(p).is_dir()]
    return own or sorted({str((_DEBIAN / path).parent) for path in WANTED.values()})
