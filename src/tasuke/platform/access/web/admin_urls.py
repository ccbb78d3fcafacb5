"""Addresses for those who manage people, grants and terminals."""

from django.urls import path

from tasuke.platform.access.actions import Action
from tasuke.platform.access.web import enrolment, grants, lists, terminals, users
from tasuke.platform.ui.navigation import offer

app_name = "accounts_admin"
urlpatterns = [
    path("", users.index, name="index"),
    path("users/new/", users.new, name="new_user"),
    path("users/<str:personal_id>/", users.show, name="user"),
    path("users/<str:personal_id>/pin/", users.new_pin, name="new_pin"),
    path("users/<str:personal_id>/release/", users.release, name="release"),
    path("users/<str:personal_id>/keys/<int:key_id>/remove/", users.remove_security_key, name="remove_key"),
    path("users/<str:personal_id>/signout/", users.end_session, name="end_session"),
    path("users/<str:personal_id>/enrol/", enrolment.enrol, name="enrol"),
    path("users/<str:personal_id>/enrol/code/", enrolment.confirm, name="confirm"),
    path("users/<str:personal_id>/enrol/qr.svg", enrolment.qr, name="qr"),
    path("users/<str:personal_id>/grants/new/", grants.request_new, name="new_grant"),
    path("grants/", grants.waiting, name="waiting"),
    path("grants/<int:grant_id>/decide/", grants.decide, name="decide_grant"),
    path("grants/<int:grant_id>/revoke/", grants.revoke, name="revoke_grant"),
    path("roles/", lists.role_table, name="roles"),
    path("differences/", lists.show_differences, name="differences"),
    path("differences.csv", lists.differences_csv, name="differences_csv"),
    path("personnel/", lists.personnel, name="personnel"),
    path("terminals/", terminals.index, name="terminals"),
    path("terminals/<int:terminal_id>/revoke/", terminals.revoke, name="revoke_terminal"),
]

offer(order=95, label="利用者と権限", url_name="accounts_admin:index", action=Action.VIEW_ACCOUNTS)
