"""The order of the work: the initial load, then month by month what a city's office does."""

from datetime import date, timedelta

from tasuke.city.files import CityFile, CityFiles, FileKind
from tasuke.core.calendar import next_bank_business_day, next_month
from tasuke.demo.office import Office
from tasuke.deploy.imports import import_request
from tasuke.schemes.catalogue_loader import load_scheme
from tasuke.schemes.profile import Profile

_IMPORTS = {
    FileKind.RESIDENTS: ("residents", "住民情報の取込"),
    FileKind.INSURANCE: ("nhi", "国保資格の取込"),
    FileKind.TAX: ("tax", "税情報の取込"),
    FileKind.WELFARE: ("welfare", "福祉情報の取込"),
    FileKind.APPLICATIONS: ("applications", "申請の取込"),
}
# who gives way to whom: disability, then single parents, then children
_PRIORITY = {"judo": 0, "hitorioya": 1}


def schemes_in_order(profile: Profile) -> list[str]:
    """The schemes of the city, those with priority first, so that a decision sees what it has to give way to."""
    return sorted(profile.schemes, key=lambda s: _PRIORITY.get(load_scheme(s).kind, 2))


def run_initial_load(office: Office, files: CityFiles, profile: Profile, start: date) -> None:
    """Banks, registers as they stand on the first day, what the old system hands over, and what it left undecided."""
    office.day = start
    office.run("銀行一覧の取込", {"job": "import-banks", "target": "installed", "parameters": {}})
    for kind, (name, title) in _IMPORTS.items():
        for file in files.initial(kind):
            office.run(title, import_request(name, file.path), what=file.path.name)
    for file in files.initial(FileKind.OLD_APPLICATIONS):
        old = import_request("applications", file.path, taken_over=f"{start}")
        office.run("申請の履歴の移行", old, what=file.path.name)
    for file in files.initial(FileKind.ENTITLEMENTS):
        office.run("受給資格の移行", import_request("entitlements", file.path, on=f"{start}"), what=file.path.name)
    office.run("移行の照合", _on("reconcile", start), what=f"{start}")
    decide(office, profile, start, takeover=start)
    issue(office, profile, start)


def run_month(office: Office, files: CityFiles, profile: Profile, month: date, *, start: date) -> None:
    """Changes and applications of a month; then, in the month after, its claims, receipts, payments, statistics."""
    settled = next_month(month)
    last_day = settled - timedelta(days=1)
    office.day = last_day
    for kind, (name, title) in _IMPORTS.items():
        for file in files.of_month(month, kind):
            office.run(title, import_request(name, file.path), what=file.path.name)
    office.run("異動の反映", _on("apply-changes", last_day), what=f"{last_day}")
    decide(office, profile, last_day, takeover=start)
    renew(office, profile, settled)
    office.day = settled
    issue(office, profile, settled)
    office.run("却下・喪失等の通知", _on("issue-notices", settled), what=f"{settled}")
    _benefits(office, files, month, settled)
    _payments(office, settled)


def decide(office: Office, profile: Profile, on: date, *, takeover: date) -> None:
    """Decide the applications of every scheme. takeover: the day of the initial load."""
    for scheme in schemes_in_order(profile):
        parameters = _scheme(scheme, on) | {"judge_from": f"{takeover}"}
        request = {"job": "decide-applications", "target": f"{scheme}:{on}", "parameters": parameters}
        office.run("資格の審査・決定", request, what=scheme)


def renew(office: Office, profile: Profile, on: date) -> None:
    """一斉更新 of the schemes whose income year changes on this day."""
    for scheme in schemes_in_order(profile):
        income = load_scheme(scheme).version_on(on).income
        if income is not None and income.year_switch.month == on.month and on.day == 1:
            request = {"job": "renew", "target": f"{scheme}:{on}", "parameters": _scheme(scheme, on)}
            office.run("一斉更新", request, what=scheme)


def issue(office: Office, profile: Profile, on: date) -> None:
    """Certificates for all who need one."""
    for scheme in schemes_in_order(profile):
        request = {"job": "issue-certificates", "target": f"{scheme}:{on}", "parameters": _scheme(scheme, on)}
        office.run("受給者証の交付", request, what=scheme)


def _benefits(office: Office, files: CityFiles, month: date, settled: date) -> None:
    for file in files.of_month(month, FileKind.RECEIPTS):
        office.run("償還払いの受付", import_request("receipts", file.path), what=file.path.name)
    for kind in (FileKind.CLAIMS_UKE, FileKind.CLAIMS_CSV):
        for file in files.of_month(month, kind):
            office.run("レセプトの審査", claims_request(file), what=file.path.name)
    office.day = settled.replace(day=10)
    office.run("償還払いの決定", _on("decide-reimbursements", office.day), what=f"{office.day}")
    office.run("償還払いの決定通知", _on("issue-reimbursement-notices", office.day), what=f"{office.day}")


def claims_request(file: CityFile) -> dict[str, object]:
    """Import of a claims file; a CSV goes with the example mapping that it was written by."""
    if file.kind is FileKind.CLAIMS_CSV:
        from importlib.resources import files

        mapping = files("tasuke.formats.claims_csv") / "example_rengo.toml"
        return import_request("claims", file.path, form="claims_csv", mapping=str(mapping))
    return import_request("claims", file.path, form="uke")


def _payments(office: Office, settled: date) -> None:
    pay_on = next_bank_business_day(settled.replace(day=25))
    office.day = settled.replace(day=15)
    parameters = {"pay_on": f"{pay_on}"}
    run = office.run(
        "支払対象の抽出", {"job": "select-payments", "target": f"{pay_on}", "parameters": parameters}, what=f"{pay_on}"
    )
    if run.counts.get("支払"):
        request = {"job": "write-transfers", "target": f"{pay_on}", "parameters": parameters}
        office.run("振込と支払通知", request, what=f"{pay_on}")
    office.day = next_month(settled) - timedelta(days=1)
    month = f"{settled:%Y-%m}"
    office.run("統計", {"job": "make-statistics", "target": month, "parameters": {"month": month}}, what=month)


def _on(job: str, on: date) -> dict[str, object]:
    return {"job": job, "target": f"{on}", "parameters": {"on": f"{on}"}}


def _scheme(scheme: str, on: date) -> dict[str, str]:
    return {"scheme": scheme, "on": f"{on}"}
