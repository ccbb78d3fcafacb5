from datetime import date
from pathlib import Path

import polars as pl
import pytest
from django.db import connections, transaction
from psycopg.errors import CheckViolation

from tasuke.formats import claims_csv
from tasuke.platform.batch.models import Run, RunProblem
from tasuke.platform.batch.services.apply_run import apply_run
from tasuke.platform.batch.services.plan_run import plan_run
from tasuke.platform.exchange.models import InboundFile
from tasuke.systems.subsidy.claims import paid_elsewhere
from tasuke.systems.subsidy.claims.frames import REIMBURSED_SCHEMA
from tasuke.systems.subsidy.claims.jobs.import_claims import ClaimsArrivedMeanwhile, FileChanged, UnfinishedImport
from tasuke.systems.subsidy.claims.models import LINES_PER_FILE, Claim, ClaimFinding, ClaimKohi
from tasuke.systems.subsidy.claims.queries import findings_frame, ledger_frame, states_frame

pytestmark = pytest.mark.django_db(databases=["subsidy"])
JUNE = date(2026, 6, 1)


def test_a_file_becomes_decided_rows_and_the_ledger(town, desk):
    path = town.write(
        [desk.claim(), desk.claim(line=3, institution_code="1410000029")],
        [desk.kohi(), desk.kohi(line=3, recipient_no="9999999")],
    )
    run = town.run(path)
    assert (run.counts["accepted"], run.counts["return"], run.counts["subsidy"]) == (1, 1, 3000)
    assert ledger_frame(using="subsidy", months=[JUNE])["subsidy"].to_list() == [3000]
    assert ledger_frame(using="subsidy", months=[date(2026, 5, 1)]).is_empty()
    returned = Claim.objects.get(state="return")
    assert (returned.subsidy, returned.reasons[0]) == (0, "RECIPIENT_CHECK_DIGIT")
    file = InboundFile.objects.using("subsidy").get()
    assert (file.rows, file.accepted, file.totals["subsidy"], file.run_id) == (2, 2, 3000, run.pk)
    assert returned.pk == file.pk * LINES_PER_FILE + returned.line
    assert ClaimFinding.objects.filter(claim=returned).count() == len(returned.reasons)
    assert findings_frame(using="subsidy", months=[JUNE])["claim_id"].unique().to_list() == [returned.pk]
    assert dict(states_frame(using="subsidy").select("state", "claims").iter_rows()) == {"accepted": 1, "return": 1}


def test_the_same_file_twice_changes_nothing(town, desk):
    path = town.write([desk.claim()], [desk.kohi()])
    town.run(path)
    before = list(Claim.objects.values())
    assert town.run(path) is None
    # also when somebody plans it under another target
    run, plan = plan_run(
        using="subsidy", job="import-claims", target="by hand", parameters={"path": str(path)}, by="担当", now=town.NOW
    )
    assert (run.plan, plan.chunks) == ({"already_imported": 1}, 0)
    assert list(Claim.objects.values()) == before


def test_planning_writes_nothing_but_the_run(town, desk):
    path = town.write([desk.claim()], [desk.kohi()])
    run, plan = town.plan(path)
    assert plan.chunks == 1
    assert run.plan["accepted"] == 1
    assert not InboundFile.objects.using("subsidy").exists()
    assert not Claim.objects.exists()


def test_the_second_file_knows_the_first(town, desk):
    town.run(town.write([desk.claim()], [desk.kohi()]))
    later = desk.claim(billed_month=date(2026, 7, 1))
    near = desk.claim(line=3, billed_month=date(2026, 7, 1), cost=9000)
    run = town.run(town.write([later, near], [desk.kohi(), desk.kohi(line=3)], name="b.uke"))
    assert (run.counts["accepted"], run.counts["return"], run.counts["query"]) == (0, 1, 1)
    assert sorted(Claim.objects.exclude(state="accepted").values_list("reasons", flat=True)) == [
        ["DUPLICATE_EARLIER"],
        ["NEAR_DUPLICATE_EARLIER"],
    ]


def test_a_file_that_comes_again_with_other_line_ends_sends_nothing_back_and_says_so(town, desk):
    """Another hash, the same bills: whoever sends them back takes the first copies with them."""
    claims = [desk.claim(receipt_no=1), desk.claim(line=3, receipt_no=2, institution_code="1410000029")]
    first = town.write(claims, [desk.kohi(), desk.kohi(line=3)])
    town.run(first)
    again = town.folder / "again.uke"
    again.write_bytes(first.read_bytes().replace(b"\r\n", b"\n"))
    run = town.run(again)
    assert (run.counts["accepted"], run.counts["return"], run.counts["query"], run.counts["rejected"]) == (0, 0, 2, 0)
    problem = RunProblem.objects.using("subsidy").get(run=run, code="FILE_SEEN_BEFORE")
    assert "2件のうち2件" in problem.message
    assert set(Claim.objects.filter(state="query").values_list("reasons", flat=True).distinct()[0]) == {"SAME_RECEIPT"}


def test_a_returned_claim_may_be_billed_again(town, desk):
    town.run(town.write([desk.claim()], [desk.kohi(payer_no="88149018")]))
    again = town.run(town.write([desk.claim(billed_month=date(2026, 7, 1))], [desk.kohi()], name="b.uke"))
    assert again.counts["accepted"] == 1


def test_the_national_programme_is_kept_beside_the_claim(town, desk):
    national = desk.kohi(payer_no="52146012", recipient_no="1234566", copay=1000)
    town.run(town.write([desk.claim()], [national, desk.kohi(order=2)]))
    kohi = ClaimKohi.objects.get()
    assert (kohi.order, kohi.payer_no, kohi.copay) == (1, "52146012", 1000)
    claim = Claim.objects.get()
    assert (claim.kohi_order, claim.public_share, claim.subsidy) == (2, 1000, 1000)


def test_a_broken_file_is_a_problem_and_no_rows(town, desk):
    path = town.folder / "broken.uke"
    path.write_bytes("こんにちは".encode())
    run = town.run(path)
    assert run.chunks_total == 0
    assert not Claim.objects.exists()
    told = RunProblem.objects.using("subsidy").filter(run=run)
    assert [problem.severity for problem in told] == ["fatal"]  # nothing about rules that there was nothing to apply to


def test_a_file_must_not_change_between_plan_and_apply(town, desk):
    path = town.write([desk.claim()], [desk.kohi()])
    run, plan = town.plan(path)
    path.write_bytes(path.read_bytes() + b"\r\n")
    with pytest.raises(FileChanged):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    assert not Claim.objects.exists()


def test_a_file_planned_before_another_was_imported_is_planned_again(town, desk):
    first = town.write([desk.claim()], [desk.kohi()])
    other = town.write([desk.claim(karte_no="2")], [desk.kohi()], name="c.uke")
    run, plan = town.plan(other)
    town.run(first)
    with pytest.raises(ClaimsArrivedMeanwhile):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    assert town.run(other).counts["query"] == 1  # now it sees the first one


def test_no_file_is_imported_over_a_half_imported_one(town, desk):
    claims = [desk.claim(line=n, institution_code=f"14100000{n}1") for n in (10, 20)]
    path = town.write(claims, [desk.kohi(line=10), desk.kohi(line=20)])
    run, plan = town.plan(path, chunk_size=1)

    class Killed(Exception):
        pass

    def kill(done, total):
        raise Killed

    with pytest.raises(Killed):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW, progress=kill)
    other = town.write([desk.claim(cost=1000)], [desk.kohi()], name="b.uke")
    with pytest.raises(UnfinishedImport):
        town.run(other)
    assert town.run(path, chunk_size=1).counts["claims"] == 2
    assert town.run(other).counts["claims"] == 1
    assert Run.objects.using("subsidy").filter(state="done").count() == 2


@pytest.mark.parametrize("chunk_size", [1, 7, 100])
def test_the_chunk_size_changes_nothing(town, desk, chunk_size):
    claims = [desk.claim(line=n, institution_code=f"141{n:07}") for n in range(1, 21)]
    town.run(town.write(claims, [desk.kohi(line=n) for n in range(1, 21)]), chunk_size=chunk_size)
    assert ledger_frame(using="subsidy")["subsidy"].sum() == 60_000


def test_a_chunk_takes_few_statements_however_many_claims(town, desk, django_assert_max_num_queries):
    claims = [desk.claim(line=n, institution_code=f"141{n:07}") for n in range(1, 301)]
    path = town.write(claims, [desk.kohi(line=n) for n in range(1, 301)])
    run, plan = town.plan(path)
    with django_assert_max_num_queries(40, connection=connections["subsidy"]):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    assert Claim.objects.count() == 300


def test_a_reimbursed_receipt_is_asked_from_whoever_pays_elsewhere(town, desk, monkeypatch):
    row = {
        "receipt_no": "R1",
        "atena_no": "000000000000001",
        "institution_code": "1410000011",
        "service_date": date(2026, 5, 5),
        "care": "medical",
        "inpatient": False,
        "amount": 3000,
    }
    answer = pl.DataFrame([row], schema=REIMBURSED_SCHEMA)
    monkeypatch.setattr(paid_elsewhere, "_providers", [lambda *, using, months: answer])
    town.run(town.write([desk.claim()], [desk.kohi()]))
    assert Claim.objects.get().reasons == ["ALREADY_REIMBURSED"]


def test_a_chunk_that_the_database_refuses_leaves_nothing_behind(town, desk):
    run, plan = town.plan(town.write([desk.claim()], [desk.kohi()]))
    wrong = plan.work.decided.claims.with_columns(subsidy=pl.lit(1))
    object.__setattr__(plan.work.decided, "claims", wrong)
    with (
        pytest.raises(CheckViolation, match="subsidy_claim_paid_only_if_accepted"),
        transaction.atomic(using="subsidy"),
    ):
        apply_run(using="subsidy", run=run, plan=plan, clock=lambda: town.NOW)
    assert not InboundFile.objects.using("subsidy").exists()


def test_a_csv_of_the_federation_is_decided_like_a_uke_file(town, desk):
    mapping = claims_csv.example_mapping()
    claims, kohi = town.frames([desk.claim(line=5)], [desk.kohi(line=5)])
    path = town.folder / "rengo.csv"
    path.write_bytes(claims_csv.render(claims, kohi, mapping))
    toml = Path(claims_csv.__file__).parent / "example_rengo.toml"
    run = town.run(path, form="claims_csv", mapping=str(toml))
    assert (run.counts["claims"], run.counts["accepted"], run.counts["subsidy"]) == (1, 1, 3000)


def test_a_mapping_that_cannot_be_used_is_a_problem(town, desk):
    path, toml = town.folder / "a.csv", town.folder / "bad.toml"
    path.write_bytes(b"x")
    toml.write_text("nonsense = 1")
    run = town.run(path, form="claims_csv", mapping=str(toml))
    assert run.chunks_total == 0
    assert RunProblem.objects.using("subsidy").filter(run=run, severity="fatal", file="bad.toml").exists()
