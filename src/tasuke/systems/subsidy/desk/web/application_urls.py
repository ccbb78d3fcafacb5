"""Addresses of applications: sheets (受付票) that are typed and compared, applications that are decided."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import applications, decisions, identity, matching, sheets, stated

app_name = "applications"
urlpatterns = [
    path("", applications.listing, name="list"),
    path("matching/", matching.listing, name="matching"),
    path("matching.csv", matching.listing_file, name="matching_file"),
    path("new/<str:atena_no>/", sheets.receive, name="receive"),
    path("sheets/<int:sheet_id>/", sheets.edit, name="sheet"),
    path("sheets/<int:sheet_id>/check/", sheets.check, name="check"),
    path("<int:application_id>/", applications.application, name="application"),
    path("<int:application_id>/stated/", stated.stated, name="stated"),
    path("<int:application_id>/identity/", identity.of_application, name="identity"),
    path("<int:application_id>/assess/", decisions.assess, name="assess"),
    path("<int:application_id>/decide/", decisions.decide, name="decide"),
    path("<int:application_id>/hold/", decisions.hold, name="hold"),
    path("<int:application_id>/withdraw/", decisions.withdraw, name="withdraw"),
    path("<int:application_id>/certificate/", decisions.certificate, name="certificate"),
    path("<int:application_id>/notice/", decisions.notice, name="notice"),
]
