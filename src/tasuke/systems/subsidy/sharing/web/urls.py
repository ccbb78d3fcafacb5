"""Addresses of 庁内移転."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.sharing.web import moving, permits, records

app_name = "sharing"
urlpatterns = [
    path("", permits.overview, name="overview"),
    path("permits/new/<slug:rule>", permits.new_permit, name="new-permit"),
    path("permits/<int:permit_id>", permits.one_permit, name="permit"),
    path("permits/<int:permit_id>/decide", permits.decide, name="decide"),
    path("permits/<int:permit_id>/end", permits.end, name="end"),
    path("move/<slug:rule>", moving.move, name="move"),
    path("agreements", moving.agreements_page, name="agreements"),
    path("agreements/<int:agreement_id>/decide", moving.agree, name="agree"),
    path("records", records.listed, name="records"),
    path("records/csv", records.as_csv, name="records-csv"),
    path("records/<int:record_id>", records.one_record, name="record"),
    path("records/<int:record_id>/file", records.take_file, name="file"),
]
offer(order=37, label="庁内移転", url_name="sharing:overview", action=Action.VIEW_SHARING)
