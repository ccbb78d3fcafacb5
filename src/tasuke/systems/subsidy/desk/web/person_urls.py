"""Addresses of search and household."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import households, identity, notes, renewal_papers, renewals, search

app_name = "persons"
urlpatterns = [
    path("", search.search, name="search"),
    path("by-number/", identity.search, name="by_my_number"),
    path("<str:atena_no>/", households.household, name="household"),
    path("<str:atena_no>/identity/", identity.of_person, name="identity"),
    path("<str:atena_no>/income/", households.income, name="income"),
    path("<str:atena_no>/notes/", notes.notes, name="notes"),
    path("<str:atena_no>/notes/<int:note_id>/correct/", notes.correct, name="correct_note"),
    path("<str:atena_no>/renewals/<slug:scheme>/", renewals.assess, name="renewal"),
    path("<str:atena_no>/renewals/<slug:scheme>/renew/", renewals.renew, name="renew"),
    path("<str:atena_no>/renewals/<slug:scheme>/papers/", renewal_papers.papers, name="renewed"),
    path(
        "<str:atena_no>/renewals/<slug:scheme>/papers/certificate/",
        renewal_papers.certificate,
        name="renewed_certificate",
    ),
    path("<str:atena_no>/renewals/<slug:scheme>/papers/notice/", renewal_papers.notice, name="renewed_notice"),
    path("<str:atena_no>/address/", households.protected_address, name="protected_address"),
]
