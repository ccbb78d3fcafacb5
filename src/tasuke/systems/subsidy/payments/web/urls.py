"""Addresses of the screens of payments."""

from datetime import date

from django.urls import path, register_converter

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.payments.web import result_files, results, views


class DayConverter:
    """A day in an address: 2026-05-25."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Raises ValueError for a day that does not exist: no such address."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """The day as it stands in an address."""
        return value.isoformat()


register_converter(DayConverter, "day")
app_name = "payments"
urlpatterns = [
    path("", views.pay_day_list, name="list"),
    path("new/", views.draft, name="draft"),
    path("<day:pay_on>/", views.one_day, name="day"),
    path("<day:pay_on>/transfers/", views.draft_transfers, name="draft-transfers"),
    path("<day:pay_on>/approve/", views.approve, name="approve"),
    path("<day:pay_on>/resume/", views.resume, name="resume"),
    path("<day:pay_on>/cancel/", views.cancel, name="cancel"),
    path("<day:pay_on>/file/", views.download, name="download"),
    path("<day:pay_on>/papers/<int:file_id>/", views.paper, name="paper"),
    path("<day:pay_on>/confirm/", results.confirm, name="confirm"),
    path("results/", result_files.files, name="results"),
    path("results/<int:run_id>/", result_files.one_file, name="result-file"),
    path("results/<int:run_id>/record/", result_files.record, name="record-results"),
    path("results/<int:run_id>/cancel/", result_files.discard, name="discard-results"),
    path("no/<str:payment_no>/", results.one_payment, name="payment"),
    path("no/<str:payment_no>/failed/", results.record_failure, name="record-failure"),
    path("no/<str:payment_no>/account/", results.correct, name="correct-account"),
]
offer(order=70, label="支払", url_name="payments:list", action=Action.LIST_PAYMENTS, key="7")
