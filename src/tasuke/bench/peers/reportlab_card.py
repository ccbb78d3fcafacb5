"""The certificate page drawn with ReportLab: the same boxes and texts, the same two fonts embedded."""

import io
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_W, _H = 128, 91
_BOXES = [
    (14, 8, "公費負担者番号", "payer_no"), (22, 8, "受給者番号", "recipient_no"), (31, 11, "受給者氏名", "name"),
    (42, 7, "生年月日・性別", "birth"), (49, 8, "住 所", "address"), (57, 8, "一部負担金", "copayment"),
    (65, 7, "有効期間", "from"),
]  # fmt: skip


def draw(cards: list[dict[str, Any]]) -> bytes:
    """One PDF with a page per card."""
    pdfmetrics.registerFont(TTFont("gothic", "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf"))
    pdfmetrics.registerFont(TTFont("mincho", "/usr/share/fonts/truetype/ipamj/ipamjm.ttf"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(_W * mm, _H * mm), pageCompression=1)
    for card in cards:
        _page(canvas, card)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _text(canvas: Canvas, font: str, size: float, x: float, y: float, text: str) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x * mm, (_H - y) * mm, text)


def _page(canvas: Canvas, card: dict[str, Any]) -> None:
    _text(canvas, "gothic", 13, 6, 10, card["title"])
    for y, height, label, key in _BOXES:
        canvas.rect(6 * mm, (_H - y - height) * mm, 26 * mm, height * mm)
        _text(canvas, "gothic", 7.5, 8, y + height / 2 + 1, label)
        if key in ("payer_no", "recipient_no"):
            for i, digit in enumerate(card[key]):
                canvas.rect((32 + 6 * i) * mm, (_H - y - height) * mm, 6 * mm, height * mm)
                _text(canvas, "gothic", 12, 34 + 6 * i, y + height / 2 + 1, digit)
        else:
            canvas.rect(32 * mm, (_H - y - height) * mm, 90 * mm, height * mm)
            font = "mincho" if key in ("name", "address") else "gothic"
            _text(canvas, font, 9, 34, y + height / 2 + 1, card[key].replace("\U000e0100", ""))
    for x, y, key in ((6, 77, "issued"), (6, 81, "issuer"), (6, 88, "office")):
        _text(canvas, "gothic", 7, x, y, card[key])
