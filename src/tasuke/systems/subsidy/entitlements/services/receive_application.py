"""Receive one application at the counter: the same rows and the same histories as the import of a file writes."""

from datetime import date, datetime

import polars as pl
from django.db import transaction

from tasuke.systems.subsidy.entitlements.declarations import (
    LOSS,
    NEW,
    account_rows,
    insurance_rows,
    relation_declarations,
    relation_rows,
    single_parent_rows,
)
from tasuke.systems.subsidy.entitlements.jobs.import_applications import prepare
from tasuke.systems.subsidy.entitlements.models import Application, ApplicationState
from tasuke.systems.subsidy.registry.histories import ACCOUNTS, INSURANCES, RELATIONS, SINGLE_PARENTS
from tasuke.systems.subsidy.registry.tables import record, select_current

_COPIED = ("application_no", "scheme", "atena_no", "applicant_atena_no", "role", "received_on", "channel", "reason")


def receive_application(*, using: str, filed: pl.DataFrame, now: datetime) -> Application:
    """Write an application and what it says of insurance, account and family. Losses and new ones wait for a decision.

    filed: one row as `application_feed.parse` gives it. Raises IntegrityError when the number was used before.
    """
    with transaction.atomic(using=using):
        rows = prepare(filed)
        row = rows.row(0, named=True)
        event_date: date = row["event_date"]
        waits = row["application_kind"] in (NEW, LOSS)
        application = Application.objects.using(using).create(
            **{name: row[name] for name in _COPIED},
            kind=row["application_kind"],
            event_date=event_date,
            loss_reason=row["loss_reason"] or "",
            missing_documents=row["missing_documents"] or "",
            state=ApplicationState.RECEIVED if waits else ApplicationState.APPLIED,
        )
        people = rows["atena_no"]
        relations = select_current(using=using, table=RELATIONS, atena_nos=people)
        status = select_current(using=using, table=SINGLE_PARENTS, atena_nos=people)
        for table, frame in (
            (RELATIONS, relation_rows(relation_declarations(rows), relations)),
            (SINGLE_PARENTS, single_parent_rows(rows, status)),
            (INSURANCES, insurance_rows(rows)),
            (ACCOUNTS, account_rows(rows)),
        ):
            record(using=using, table=table, incoming=frame, now=now, file_id=None)
    return application
