"""Whose system a page says it belongs to."""

import pytest

from tasuke.deploy import site
from tasuke.deploy.profiles import open_profile
from tasuke.platform.access.testing import signed_in
from tasuke.systems.subsidy.profile import set_profile


@pytest.fixture(autouse=True)
def sapporo():
    set_profile(open_profile("sapporo"))
    site._kept.clear()
    yield
    site._kept.clear()


@pytest.mark.parametrize(
    ("path", "brand"),
    [
        ("/", "札幌市 医療費助成"),
        ("/persons/0000000019/", "札幌市 医療費助成"),
        ("/gateway/inquiries/", "札幌市 市中間サーバ"),
        ("/unified-id/", "札幌市 団体内統合宛名"),
        ("/midserver/B011002/records/", "中間サーバー・プラットフォーム"),
        ("/nis/records/", "情報提供ネットワークシステム(国の代役)"),
    ],
)
def test_a_page_bears_the_name_of_its_own_system(path, brand):
    assert site.office_site().brand_of(path) == brand


def test_a_process_of_another_organisation_bears_its_name_on_every_page(monkeypatch):
    monkeypatch.setattr(site, "SYSTEMS", ("accounts", "nis"))
    assert site.office_site().brand_of("/signin/") == "情報提供ネットワークシステム(国の代役)"


@pytest.mark.django_db(databases=["subsidy", "accounts", "nis"])
def test_the_bar_of_the_national_side_names_no_city():
    page = signed_in("national_operator").get("/nis/records/").content.decode()
    assert "情報提供ネットワークシステム(国の代役)</a>" in page
    assert "札幌市" not in page.partition("<main")[0]
