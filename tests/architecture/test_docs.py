"""The pages tell the truth: links resolve, names exist in the code, nothing that an operator sets is left out."""

import importlib.util
import re
from pathlib import Path

import pytest
import typer
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SOURCE = "\n".join(
    p.read_text("utf-8") for p in sorted((ROOT / "src").rglob("*")) if p.suffix in (".py", ".toml", ".typ")
)
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
LATER = "## これからのシステムのことば"

# the words that the design fixed, each with its name in the code
FIXED = """
制度 scheme · 受給資格 entitlement · 受給者 recipient · 受給者証 certificate · 申請 application · 届出 notification ·
決定 decision · 却下 rejection · 喪失 loss · 宛名番号 atena_no · 団体内統合宛名番号 unified_no · 個人番号 my_number ·
符号 linkage_code · 照会 inquiry · 提供 provision · 副本 replica · 情報提供等記録 provision_record ·
情報提供許可証 permit · 照会許可用照合リスト permission_list · 配信マスター master · レセプト claim · 現物給付 in_kind ·
償還払い reimbursement · 一部負担金 copayment · 疑義 query · 過誤 claim_return · 支払 payment · 振込 transfer ·
振込不能 failed_transfer · 返還 recovery · 第三者行為求償 subrogation · 一斉更新 renewal · 年齢到達 age_attainment ·
公費負担者番号 payer_no · 受給者番号 recipient_no · 保険者番号 insurer_no · 支援措置 protection ·
生計維持者 breadwinner · 扶養義務者 supporter · 養育者 guardian_caregiver · 区 ward · 送付先 mailing_address ·
応対記録 contact_note
"""


def rows(text):
    """Cells of every table row of a page."""
    return [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]


def links(page):
    """Targets of the page's links, without those into the web; code is left out."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    return [t for t in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", t)]


def anchors(page):
    """Anchors of a page's headings, as the usual renderers make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def test_there_are_pages():
    assert len(PAGES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_every_link_of_a_page_resolves(page):
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached():
    linked = {(p.parent / t.partition("#")[0]).resolve() for p in [*PAGES, ROOT / "README.md"] for t in links(p)}
    assert [str(p.relative_to(ROOT)) for p in PAGES if p not in linked] == []


def test_the_index_of_interfaces_links_every_page():
    index = DOCS / "interfaces" / "index.md"
    linked = {(index.parent / t.partition("#")[0]).resolve() for t in links(index)}
    assert [p.name for p in (DOCS / "interfaces").glob("*.md") if p != index and p not in linked] == []


def test_every_code_name_of_the_glossary_is_in_the_code():
    now, _, _ = GLOSSARY.partition(LATER)
    names = {n for cells in rows(now) for n in re.findall(r"`([^`]+)`", cells[1])}
    assert len(names) > 100
    strange = names - set(re.findall(r"\w+", SOURCE))  # which are not one word; the search takes its time
    assert sorted(n for n in strange if not re.search(rf"(?<!\w){re.escape(n)}(?!\w)", SOURCE)) == []


def test_the_glossary_has_every_word_that_the_design_fixed():
    told = [(cells[0], cells[1]) for cells in rows(GLOSSARY)]
    missing = [
        (word, name)
        for word, name in re.findall(r"(\S+) ([a-z_]+)", FIXED)
        if not any(word in words and f"`{name}`" in names for words, names in told)
    ]
    assert missing == []


def test_the_glossary_has_every_model():
    missing = [
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label.startswith("subsidy_") and f"`{model.__name__}`" not in GLOSSARY
    ]
    assert missing == []


def test_the_data_dictionary_is_current():
    spec = importlib.util.spec_from_file_location("make_data_dictionary", DOCS / "make_data_dictionary.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.PAGE.read_text("utf-8") == maker.page(), "run .venv/bin/python docs/make_data_dictionary.py"


VARIABLE = re.compile(r"TASUKE_[A-Z]+(?:_[A-Z]+)*_?")
OPERATIONS = (DOCS / "operations.md").read_text("utf-8")


def test_every_environment_variable_is_documented():
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "script").iterdir()]
    used = {name for file in files for name in VARIABLE.findall(file.read_text("utf-8"))}
    assert len(used) > 8
    # a name that ends in _ is completed by the name of a system
    assert sorted(n for n in used if not re.search(rf"`{n}{'' if n.endswith('_') else '`'}", OPERATIONS)) == []


def test_every_job_is_documented():
    from tasuke.deploy.runs import load_jobs
    from tasuke.platform.batch.job import all_jobs

    load_jobs()
    # other tests may have registered jobs of their own
    ours = [job.name for job in all_jobs() if job.plan.__module__.startswith("tasuke.")]
    assert len(ours) > 10
    assert [name for name in ours if f"`{name}`" not in OPERATIONS] == []


def test_every_command_is_documented():
    from tasuke.cli.main import app

    commands = typer.main.get_command(app).commands
    text = "\n".join(p.read_text("utf-8") for p in PAGES if p.parent == DOCS)
    wanted = [f"{n} {s}" for n, c in commands.items() for s in getattr(c, "commands", {})]
    wanted += [n for n, c in commands.items() if not hasattr(c, "commands")]
    assert [name for name in wanted if f"tasuke {name}" not in text] == []


def test_decision_records_are_numbered_and_say_what_was_decided():
    records = sorted(p for p in (DOCS / "adr").glob("[0-9]*.md"))
    assert [int(p.name[:4]) for p in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text("utf-8")
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in text, f"{record.name}: {part}"
