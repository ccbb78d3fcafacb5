"""Frames of the register of certificates."""

import polars as pl
from django.db import connections

from tasuke.platform.bulk import copy_out

_SCHEMA = {
    "certificate_id": pl.Int64,
    "scheme": pl.String,
    "atena_no": pl.String,
    "recipient_no": pl.String,
    "payer_no": pl.String,
    "copay_class": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,
    "name": pl.String,
    "address": pl.String,
}


def certificates_in_hand(*, using: str, scheme: str) -> pl.DataFrame:
    """Certificates that are out and not called back: one per recipient number; valid_to is exclusive."""
    return copy_out(
        connections[using],
        """SELECT id, scheme, atena_no, recipient_no, payer_no, copay_class, lower(valid), upper(valid),
                  content->>'name', content->>'address'
           FROM subsidy_certificate WHERE scheme = %s AND state = 'issued' ORDER BY id""",
        [scheme],
        schema=_SCHEMA,
    )
