"""certificates: PDF pages a second on two processes; beside it ReportLab drawing the same page."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tasuke.bench.result import BenchResult, result, seconds
from tasuke.platform.documents import render_shards

_TEMPLATE = Path(__file__).resolve().parents[1] / "systems/subsidy/certificates/templates/certificate.typ"
_SHARD = 1_000
_AT = datetime(2026, 4, 1, tzinfo=UTC)


def _cards(n: int) -> list[dict[str, Any]]:
    return [
        {
            "title": "子ども医療費受給者証", "payer_no": "90019019", "recipient_no": f"{i:07d}",
            "name": f"髙橋 葛󠄀之介{i % 97}", "kana": "タカハシ カツノスケ", "birth": "平成29年4月1日", "sex": "男",
            "address": f"札幌市中央区架空一条西{i % 20 + 1}丁目{i % 300}番地", "postal": "0600001",
            "from": "令和8年4月1日", "until": "令和17年3月31日", "issued": date(2026, 4, 1).isoformat(),
            "copayment": "通院 初診時580円  歯科 初診時510円  入院 初診時580円  調剤 なし", "issuer": "札幌市長",
            "office": "中央区役所 保健福祉課 福祉助成係 電話 000-000-0001", "reissue": False,
        }
        for i in range(n)
    ]  # fmt: skip


def measure(scale: float) -> BenchResult:
    """Pages a second of 20,000 certificates, process start included."""
    n = max(_SHARD, int(20_000 * scale))
    cards = _cards(n)
    base = {"notes": ["この証は北海道内の医療機関で使えます。"], "seal": "", "fictitious": True}
    shards = [base | {"cards": cards[i : i + _SHARD]} for i in range(0, n, _SHARD)]
    sizes: list[int] = []
    time = seconds(lambda: sizes.extend(len(pdf) for pdf in render_shards(_TEMPLATE, shards, made_at=_AT, workers=2)))
    peer = _reportlab(cards[: min(n, 2_000)])
    return result(
        "certificates", n / time, "pages/s", target=">= 1,500/s", peer_name="ReportLab, the same page, one process",
        peer=peer, pages=n, megabytes=round(sum(sizes) / 2**20, 1),
    )  # fmt: skip


def _reportlab(cards: list[dict[str, Any]]) -> float | None:
    try:
        from tasuke.bench.peers.reportlab_card import draw
    except ImportError:
        return None
    return len(cards) / seconds(lambda: draw(cards))
