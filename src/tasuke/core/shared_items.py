"""What 庁内移転 can give of a person at all: one closed list for the contract between the systems and the profile."""

from typing import Literal

SharedItem = Literal[
    "name",
    "kana",
    "birth_date",
    "sex",
    "ward",
    "address",
    "recipient_no",
    "payer_no",
    "role",
    "period",
    "copay_class",
    "application",
    "account",
]
