"""What the subsidy system says to the screens of runs: mappings to choose, and faults that people can mend."""

from importlib.resources import files

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tasuke.deploy import mappings, run_desk
from tasuke.deploy.profiles import open_profile
from tasuke.formats.claims_csv import example_mapping
from tasuke.formats.feeds import FEEDS
from tasuke.formats.layout_docs import example_file
from tasuke.platform.access.testing import signed_in
from tasuke.platform.batch.models import Run
from tasuke.systems.subsidy.profile import set_profile

EXAMPLE = files("tasuke.formats.claims_csv") / "example_rengo.toml"


@pytest.fixture
def city_folder(tmp_path, monkeypatch):
    for module in (mappings, run_desk):
        monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    monkeypatch.setenv("TASUKE_ARCHIVE", str(tmp_path / "archive"))
    (tmp_path / "mappings").mkdir()
    return tmp_path


@pytest.fixture
def unconfirmed():
    shipped = open_profile("kawasaki")
    set_profile(shipped.model_copy(update={"confirmations": []}))
    yield
    set_profile(shipped)


def test_the_city_s_own_mapping_stands_before_the_example(city_folder):
    own = EXAMPLE.read_text("utf-8").replace('id = "example-rengo"', 'id = "own"')
    (city_folder / "mappings" / "own.toml").write_text(own, "utf-8")
    (city_folder / "mappings" / "broken.toml").write_text("id = ", "utf-8")
    assert list(mappings.mapping_files()) == ["own", example_mapping().id]
    assert mappings.mapping_titles()["own"] == example_mapping().title


def test_an_upload_of_claims_takes_the_chosen_mapping(city_folder):
    kinds = run_desk._file_kinds()
    key = f"claims:{example_mapping().id}"
    assert "列対応表" in kinds[key]
    assert kinds["claims"] == "レセプト(UKE)"
    asked = run_desk.receive_upload(key, "決定.csv", b"a,b\n")
    assert asked.job == "import-claims"
    assert (asked.parameters["form"], asked.parameters["mapping"]) == ("claims_csv", str(EXAMPLE))
    assert run_desk.receive_upload("claims", "x.uke", b"RE").parameters["form"] == "uke"


@pytest.mark.django_db(databases=["subsidy", "accounts"])
def test_a_csv_of_claims_is_read_on_screen_by_its_mapping(city_folder):
    set_profile(open_profile("kawasaki"))
    run_desk.open_desk()
    client = signed_in("operator")
    page = client.get("/runs/import/").content.decode()
    assert f'value="claims:{example_mapping().id}"' in page
    data = SimpleUploadedFile("決定.csv", "表題\n".encode("cp932"))
    response = client.post("/runs/import/", {"kind": f"claims:{example_mapping().id}", "file": data})
    assert response.status_code == 302, response.content.decode()
    run = Run.objects.using("subsidy").get()
    assert (run.job, run.parameters["form"]) == ("import-claims", "claims_csv")


@pytest.mark.django_db(databases=["subsidy", "accounts"])
def test_a_wrong_file_is_named_first_on_screen(city_folder):
    set_profile(open_profile("kawasaki"))
    run_desk.open_desk()
    client = signed_in("operator")
    data = SimpleUploadedFile("nhi_full.csv", example_file(FEEDS["nhi"]))
    response = client.post("/runs/import/", {"kind": "tax", "file": data})
    html = client.get(response["Location"]).content.decode()
    assert 0 < html.index("国保・後期資格（nhi）のファイルのようです。") < html.index("の列がありません")


@pytest.mark.django_db(databases=["subsidy", "accounts"])
def test_a_plan_on_unconfirmed_rules_is_a_page_that_names_them(unconfirmed):
    run_desk.open_desk()
    client = signed_in("head_office")
    page = client.post("/runs/new/decide-applications/", {"scheme": "kawasaki-shoni", "on": "R8.4.1"})
    html = page.content.decode()
    assert page.status_code == 422
    assert "未確認の規則が" in html
    assert html.count("<li>・") > 1
    assert not Run.objects.using("subsidy").exists()
