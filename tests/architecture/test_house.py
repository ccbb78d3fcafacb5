"""What imports do not show: sizes, words, relations, time, secrets."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for p in (ROOT / "src").rglob("*.py") if "migrations" not in p.parts)
MAX_FILE, MAX_FUNCTION = 500, 60


def functions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def names_used(path, wanted):
    """Of the dotted names that are wanted."""
    ends = {name.rpartition(".")[2] for name in wanted}
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return wanted & {ast.unparse(n) for n in nodes if isinstance(n, ast.Attribute) and n.attr in ends}


def test_the_walk_finds_the_sources():
    assert len(SOURCES) > 100


def test_no_file_is_longer_than_500_lines():
    assert [str(p) for p in SOURCES if len(p.read_text("utf-8").splitlines()) > MAX_FILE] == []


def test_no_function_is_longer_than_60_lines():
    long = [
        f"{p.relative_to(ROOT)}:{f.lineno} {f.name}"
        for p in SOURCES
        for f in functions(p)
        if (f.end_lineno or 0) - f.lineno + 1 > MAX_FUNCTION
    ]
    assert long == []


def test_every_module_and_public_function_says_what_it_is_for():
    silent = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        if path.name not in ("apps.py",) and path.read_text("utf-8").strip() and not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        silent += [
            f"{path.relative_to(ROOT)}:{n.lineno} {n.name}"
            for n in tree.body
            if isinstance(n, ast.FunctionDef) and not n.name.startswith("_") and not ast.get_docstring(n)
        ]
    assert silent == []


CLOCK = {"datetime.now", "date.today", "datetime.utcnow", "timezone.now", "time.time"}
# the edge: the composition root and what measures time
EDGE = ("deploy/", "demo/", "bench/")


def test_the_clock_is_read_at_the_edge_only():
    found = [str(p.relative_to(ROOT)) for p in SOURCES if not any(e in str(p) for e in EDGE) and names_used(p, CLOCK)]
    assert found == []


def test_no_float_holds_money():
    money = re.compile(r"(amount|yen|subsidy|burden|cost|share|limit)\w*\s*:\s*float")
    assert [str(p.relative_to(ROOT)) for p in SOURCES if money.search(p.read_text("utf-8"))] == []


def test_no_relation_crosses_from_one_system_to_another():
    crossing = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label.startswith("subsidy_")
        for field in model._meta.get_fields()
        if field.is_relation
        and field.related_model is not None
        and not field.related_model._meta.app_label.startswith("subsidy_")
    ]
    assert crossing == []


@pytest.mark.parametrize("word", ["my_number", "unified_no", "linkage_code", "kojin_bango"])
def test_the_subsidy_system_has_no_column_for_a_number_that_it_must_not_know(word):
    columns = [
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label.startswith("subsidy_")
        for field in model._meta.local_fields
        if word in field.name
    ]
    assert columns == []


def test_every_table_of_ours_has_a_verbose_name_for_each_business_column_of_a_person():
    nameless = [
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label.startswith("subsidy_")
        for field in model._meta.local_fields
        if field.name in ("atena_no", "recipient_no", "payer_no", "scheme")
        and field.verbose_name == field.name.replace("_", " ")
    ]
    assert nameless == []


def test_no_person_data_is_deleted_by_a_cascade():
    from django.db.models import CASCADE

    cascading = [
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("tasuke.")
        for field in model._meta.local_fields
        if field.remote_field is not None and field.remote_field.on_delete is CASCADE
    ]
    assert cascading == []


TRACKED = [*SOURCES, *(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(ROOT / "requirements").glob("*")]


def test_no_file_names_a_package_index_or_a_local_path():
    index = re.compile("py" + r"pi\.org|python" + r"hosted|npm" + r"js\.org|/wo" + "rk/|/ro" + "ot/")
    assert [str(p) for p in TRACKED if p.is_file() and index.search(p.read_text("utf-8"))] == []
