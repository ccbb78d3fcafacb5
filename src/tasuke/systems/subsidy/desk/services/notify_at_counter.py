"""通知: the letter on one decision, with 教示文, handed over or posted from the counter instead of the mass mailing."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import transaction

from tasuke.platform.documents import render_paper
from tasuke.platform.exchange.services.record_files import record_outbound
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.systems.subsidy.certificates.jobs.issue_notices import TEMPLATE
from tasuke.systems.subsidy.certificates.letter_persons import letter_persons
from tasuke.systems.subsidy.certificates.models import Notice
from tasuke.systems.subsidy.certificates.notice_words import letter_contents
from tasuke.systems.subsidy.certificates.notices import addressees, select_letters
from tasuke.systems.subsidy.certificates.queries import decisions_without_notice
from tasuke.systems.subsidy.entitlements.models import Decision
from tasuke.systems.subsidy.profile import active_profile
from tasuke.systems.subsidy.registry.queries import relations_frame


class NothingToTell(Exception):
    """The decision needs no letter, has one, or nobody can be written to; the words say which."""


def notify_at_counter(*, using: str, decision_id: int, on: date, by: str, now: datetime) -> Notice:
    """Write the letter on a decision and enter it into the register of letters. Raises NothingToTell."""
    with transaction.atomic(using=using):
        Decision.objects.using(using).select_for_update(of=("self",)).get(pk=decision_id)
        waiting = decisions_without_notice(using=using, on=on).filter(pl.col("decision_id") == decision_id)
        if waiting.is_empty():
            raise NothingToTell("この決定の通知は作成済みか、通知の要らない決定です")
        return _write(using, _letter(using, waiting, on), on=on, by=by, now=now)


def _letter(using: str, decision: pl.DataFrame, on: date) -> pl.DataFrame:
    """The one row of `select_letters`, with addressee and kind."""
    relations = relations_frame(using=using, atena_nos=decision["atena_no"])
    named = [decision["atena_no"], decision["applicant_atena_no"], decision["deciding_subject"]]
    people = pl.concat([*named, relations["other_atena_no"]]).drop_nulls().unique()
    persons = letter_persons(using=using, on=on, atena_nos=people)
    chosen = select_letters(addressees(decision, relations, persons, on=on), persons)
    if chosen.letters.is_empty():
        raise NothingToTell(chosen.problems[0].message if chosen.problems else "後の決定により、通知は要りません")
    return chosen.letters


def _write(using: str, rows: pl.DataFrame, *, on: date, by: str, now: datetime) -> Notice:
    row: dict[str, Any] = rows.row(0, named=True)
    profile = active_profile()
    scheme = load_scheme(row["scheme"])
    contents = letter_contents(rows, schemes={scheme.id: scheme}, profile=profile, on=on)
    paper = {"seal": profile.letterhead_on(on).seal, "fictitious": profile.fictitious, "letters": contents}
    file = record_outbound(
        using=using,
        kind="notices",
        key=f"窓口通知:{row['decision_id']}",
        name=f"窓口通知_{row['decision_id']}_{on:%Y%m%d}.pdf",
        data=render_paper(TEMPLATE, paper, made_at=now),
        rows=1,
        totals={"通数": 1},
        by=by,
        now=now,
    )
    return Notice.objects.using(using).create(
        kind=row["notice_kind"],
        scheme=row["scheme"],
        atena_no=row["atena_no"],
        decision_id=row["decision_id"],
        addressee_atena_no=row["to_atena_no"],
        hand_delivery=row["hand"],
        issued_on=on,
        content=contents[0],
        file_sha256=file.sha256,
        page=1,
        issued_by=by,
    )
