"""What letters say of an insurance that is asked after (保険確認中), and of an entitlement that came back. Pure."""

from datetime import timedelta
from typing import Any

from tasuke.core.calendar import to_wareki

ASK_LEAD = (
    "次の医療費助成を受けている方の医療保険の資格が終わり、新しい医療保険が確認できていません。お手続をお願いします。"
)
ASK_REQUESTS = [
    "新しい医療保険の資格が分かるもの(資格確認書、資格情報のお知らせなど)を、区役所へお見せください。",
    "医療保険に入らないとき(生活保護を受けることになったなど)も、お知らせください。",
]
ASK_NOTES = [
    "確認の間も、今の証はお使いになれます。",
    "期限までに確認できないときは、医療保険の資格が終わった日にさかのぼって受給資格がなくなります。",
    "資格がなくなった日からの助成額は、お返しいただくことがあります。",
    "お手続がお済みのときや、行き違いのときは、ご容赦ください。",
]
RESTORED_LEAD = "次の医療費助成の受給資格が下記のとおり回復しましたので、通知します。申請は要りません。"
RESTORED_REASONS = ["新しい医療保険の資格が確認できました"]
RESTORED_NOTES = [
    "証をお返しになった方には、新しい証をお送りします。受給者番号は変わりません。",
    "資格のない期間に受診されたときの医療費は、助成の対象になりません。",
]


def ask_rows(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Since when the insurance is missing, and until when an answer is waited for. row: missing_from, due_on?."""
    last = to_wareki(row["missing_from"] - timedelta(days=1))
    due = [("お返事の期限", to_wareki(row["due_on"]))] if row["due_on"] else []
    return [("医療保険", f"{last}で資格が終わりました"), *due]


def restored_rows(row: dict[str, Any]) -> list[tuple[str, str]]:
    """From when the entitlement holds again, and the time without one. row: start, lost_on?."""
    lines = [("資格の回復", f"{to_wareki(row['start'])}から")]
    if row["lost_on"] is not None and row["lost_on"] < row["start"]:
        last = to_wareki(row["start"] - timedelta(days=1))
        lines.append(("資格のない期間", f"{to_wareki(row['lost_on'])}から{last}まで"))
    return lines
