"""What the subsidy system says to the screens of runs, and who applies a run that a person started."""

import logging
import re
import threading

from django.db import close_old_connections, connections
from procrastinate.contrib.django.models import ProcrastinateWorker
from procrastinate.exceptions import AlreadyEnqueued

from tasuke.deploy.clock import now
from tasuke.deploy.imports import KINDS, import_request
from tasuke.deploy.mappings import mapping_files, mapping_titles
from tasuke.deploy.runs import load_jobs
from tasuke.deploy.tasks import queue_run
from tasuke.platform.audit.words import offer_names
from tasuke.platform.batch.desk import DESK, Offer, RunRequest
from tasuke.platform.batch.job import all_jobs
from tasuke.platform.batch.models import Run
from tasuke.platform.batch.services.apply_run import RunLocked
from tasuke.platform.batch.services.apply_started import apply_started
from tasuke.platform.database.embedded import data_folder
from tasuke.platform.exchange.archive import sha256_of
from tasuke.systems.subsidy.count_words import in_words
from tasuke.systems.subsidy.reimbursements.run_papers import KINDS as KINDS_OF_PAPERS
from tasuke.systems.subsidy.reimbursements.run_papers import persons_on

_log = logging.getLogger(__name__)
_WORKER_SILENT = 30  # seconds: Procrastinate's workers tell every ten seconds that they are there
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)

_OFFERS = (
    Offer("apply-changes", "転出、死亡、保険、生活保護などの異動を資格に反映し、喪失と区分の変更を決めます。", ("on",)),
    Offer("match-applications", "決定を待つ申請を、住基、所得、他制度などと比べ、差異の一覧を作ります。", ("on",)),
    Offer("decide-applications", "受け付けた申請をまとめて審査し、決定します。", ("scheme", "on")),
    Offer("renew", "次の年度の所得で、受給者全員を審査し直します(一斉更新)。", ("scheme", "on")),
    Offer("issue-certificates", "新規、変更、更新の受給者証を作ります。", ("scheme", "on")),
    Offer("issue-notices", "却下、喪失、所得確認の通知書を作ります。", ("on",)),
    Offer("decide-reimbursements", "受け付けた償還払いの申請を決定します。", ("on",)),
    Offer("make-statistics", "月の給付と受給者を集計し、表とグラフを作ります。", ("month",)),
)


def open_desk() -> None:
    """Tell the desk. Called when the addresses of the site are read."""
    load_jobs()
    DESK.words, DESK.launch, DESK.receive = in_words, start_somewhere, receive_upload
    DESK.file_kinds = _file_kinds()
    DESK.offers = {offer.job: offer for offer in _OFFERS}
    DESK.reserved = {
        "select-payments": "payments:list",
        "write-transfers": "payments:list",
        "import-transfer-results": "payments:results",
    }
    DESK.paper_kinds, DESK.persons_on = KINDS_OF_PAPERS, persons_on
    DESK.faults = _faults()
    offer_names(lambda: {job.name: job.title for job in all_jobs()})


def start_somewhere(using: str, run_id: int) -> None:
    """Give a run to the workers; when none is there, this process applies it beside its pages."""
    if workers_are_there(using):
        run = Run.objects.using(using).get(pk=run_id)
        try:
            queue_run(using=using, run=run)
        except AlreadyEnqueued:
            _log.info("run waits in the queue already", extra={"run_id": run_id})
    else:
        # a daemon: the site may stop at any time, and the run goes on behind its last committed chunk
        threading.Thread(target=apply_here, args=(using, run_id), name=f"run-{run_id}", daemon=True).start()


def workers_are_there(using: str) -> bool:
    """Whether a worker told lately that it lives."""
    query = "SELECT EXISTS (SELECT 1 FROM {} WHERE last_heartbeat > now() - make_interval(secs => %s))"
    with connections[using].cursor() as cursor:
        cursor.execute(query.format(ProcrastinateWorker._meta.db_table), [_WORKER_SILENT])
        return bool(cursor.fetchone()[0])


def apply_here(using: str, run_id: int) -> None:
    """Apply a started run in this thread, with a database connection of its own."""
    try:
        apply_started(using=using, run_id=run_id, clock=now)
    except RunLocked:
        _log.info("run is applied by another process", extra={"run_id": run_id})
    except Exception:  # noqa: BLE001 the run says what happened; nobody above this thread could
        _log.exception("run failed", extra={"run_id": run_id})
    finally:
        close_old_connections()
        connections.close_all()


def receive_upload(kind: str, name: str, data: bytes) -> RunRequest:
    """Keep an uploaded file where imports read files, under its hash; give the run that imports it."""
    folder = data_folder() / "uploads" / sha256_of(data)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (_UNSAFE.sub("_", name)[-100:].lstrip(".") or "file")
    partial = path.with_name(f"{path.name}.part")
    partial.write_bytes(data)
    partial.replace(path)
    base, _, mapping = kind.partition(":")
    return RunRequest(**import_request(base, path, **_form_of(base, mapping)))


def _file_kinds() -> dict[str, str]:
    """What may come in; claims as UKE, and as CSV by each 列対応表 that is there."""
    listed: dict[str, str] = {}
    for kind, title in KINDS.items():
        if kind == "transfer-results":
            continue  # comes in on the screens of payments
        listed[kind] = "レセプト(UKE)" if kind == "claims" else title
        if kind == "claims":
            titles = mapping_titles()
            listed |= {f"{kind}:{key}": f"レセプト(CSV 列対応表「{name}」)" for key, name in titles.items()}
    return listed


def _form_of(kind: str, mapping: str) -> dict[str, str]:
    if kind != "claims":
        return {}
    return {"form": "claims_csv", "mapping": str(mapping_files()[mapping])} if mapping else {"form": "uke"}


def _faults() -> tuple[type[Exception], ...]:
    """What a plan raises that a person can do something about."""
    from tasuke.platform.documents.fonts import FontsMissing
    from tasuke.schemes.catalogue_loader import UnknownScheme
    from tasuke.schemes.confirmation import UnconfirmedRules
    from tasuke.schemes.definition import NoVersionInForce
    from tasuke.systems.subsidy.certificates.holders import NoCertificateSettings
    from tasuke.systems.subsidy.claims.jobs.import_claims import ClaimsArrivedMeanwhile, FileChanged, UnfinishedImport
    from tasuke.systems.subsidy.claims.jobs.import_returns import ReturnsChanged
    from tasuke.systems.subsidy.entitlements.judging import SchemeNotOurs
    from tasuke.systems.subsidy.entitlements.ledger import NoNumbering

    schemes = (UnknownScheme, UnconfirmedRules, SchemeNotOurs, NoVersionInForce, NoNumbering, NoCertificateSettings)
    return *schemes, FontsMissing, ClaimsArrivedMeanwhile, FileChanged, UnfinishedImport, ReturnsChanged
