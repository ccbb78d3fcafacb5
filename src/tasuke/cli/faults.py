"""Faults of a run that a clerk can do something about: said in words. Anything else is ours and propagates."""

from collections.abc import Iterator
from contextlib import contextmanager

from tasuke.cli.output import Exit, stop

Faults = tuple[type[Exception], ...]


class MissingParameter(LookupError):
    """A job asked for a parameter that was not given."""


def _wrong_use() -> Faults:
    """What was asked for does not exist."""
    from tasuke.schemes.catalogue_loader import UnknownScheme
    from tasuke.systems.subsidy.certificates.holders import NoCertificateSettings
    from tasuke.systems.subsidy.entitlements.judging import SchemeNotOurs
    from tasuke.systems.subsidy.entitlements.ledger import NoNumbering
    from tasuke.systems.subsidy.payments.days import NotABankBusinessDay
    from tasuke.systems.subsidy.payments.jobs.import_banks import BankDataRefused

    return UnknownScheme, SchemeNotOurs, NoNumbering, NoCertificateSettings, NotABankBusinessDay, BankDataRefused


def _not_now() -> Faults:
    """Asked for rightly, but not possible as things stand."""
    from tasuke.platform.batch.services.apply_run import NotApproved, PlanChanged
    from tasuke.platform.batch.services.approve_run import ApprovalRefused
    from tasuke.platform.documents.fonts import FontsMissing
    from tasuke.schemes.definition import NoVersionInForce
    from tasuke.systems.subsidy.claims.jobs.import_claims import ClaimsArrivedMeanwhile, FileChanged, UnfinishedImport
    from tasuke.systems.subsidy.payments.jobs.write_transfers import NothingToTransfer

    runs = (NotApproved, PlanChanged, ApprovalRefused, FontsMissing, NoVersionInForce)
    return *runs, ClaimsArrivedMeanwhile, FileChanged, UnfinishedImport, NothingToTransfer


@contextmanager
def told() -> Iterator[None]:
    """Say such a fault on stderr and end with its exit status."""
    from tasuke.platform.batch.job import UnknownJob, all_jobs
    from tasuke.platform.batch.services.apply_run import RunLocked

    try:
        yield
    except UnknownJob as error:
        names = ", ".join(job.name for job in all_jobs())
        stop(f"処理「{error}」はありません: {names}", status=Exit.WRONG_USE)
    except MissingParameter as error:
        stop(f"--parameters に「{error}」がありません。", status=Exit.WRONG_USE)
    except RunLocked as error:
        stop(f"同じ処理がいま実行中です({error})。終わるのを待ってください。", status=Exit.PROBLEMS)
    except _wrong_use() as error:
        stop(str(error), status=Exit.WRONG_USE)
    except _not_now() as error:
        stop(str(error), status=Exit.PROBLEMS)
