"""Inside out only: what the gateway offers is for the city's systems; what it stores names no 個人番号 and no 符号."""

import ast
from pathlib import Path

from django.apps import apps

import tasuke.systems.gateway as gateway
from tasuke.contracts.interface import INTERFACE
from tasuke.contracts.mediation import JUKI, MEDIATION
from tasuke.systems.gateway.api import HANDLERS

ROOM = Path(gateway.__file__).parent


def test_nothing_is_offered_to_the_national_side():
    offered = {operation.contract for operation in HANDLERS}
    assert offered == {"inquiry", "households"}
    outside = {o for contract in (INTERFACE, MEDIATION, JUKI) for o in contract.operations}
    assert not outside & set(HANDLERS)


def test_no_table_has_a_column_for_a_number_that_must_not_be_here():
    words = ("my_number", "linkage_code", "kojin")
    columns = [
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_app_config("gateway").get_models()
        for field in model._meta.local_fields
        if any(word in field.name for word in words)
    ]
    assert columns == []


def test_no_module_opens_a_port_or_learns_of_the_national_side():
    imported = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
    doors = {"http_server", "socket", "socketserver", "http.server", "asyncio"}
    assert not {m for m in imported if m and (m in doors or m.split(".")[-1] in doors)}
    assert "tasuke.contracts.mediation" not in imported
