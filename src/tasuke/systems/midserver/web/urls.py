"""Addresses of the screens of 中間サーバー."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, rejections_page
from tasuke.platform.ui.navigation import offer
from tasuke.systems.midserver.web import operation, staff

app_name = "midserver"
_PLACE = Place("midserver", app_name)
urlpatterns = [
    path("", staff.choose, name="choose"),
    path("<str:body>/inquiries/", staff.inquiries, name="inquiries"),
    path("<str:body>/provisions/", staff.provisions, name="provisions"),
    path("<str:body>/provisions/<str:provision_id>/", staff.provision, name="provision"),
    path("<str:body>/records/", staff.records, name="records"),
    path("<str:body>/flags/", staff.flags, name="flags"),
    path("operation/", operation.overview, name="operation"),
    path("operation/tenants/<str:body>/", operation.tenant_page, name="tenant"),
    path("operation/notices/", operation.announce_page, name="announce"),
    path("operation/notices/<int:notice_id>/withdraw/", operation.withdraw, name="withdraw"),
    path("operation/settings/<str:name>/", operation.change_setting_page, name="setting"),
    path("operation/rejections/", rejections_page(_PLACE, action=Action.VIEW_MID_OPERATION), name="rejections"),
]
offer(order=190, label="中間サーバー", url_name="midserver:choose", action=Action.LIST_MID_INQUIRIES)
offer(order=191, label="中間サーバーの運用", url_name="midserver:operation", action=Action.VIEW_MID_OPERATION)
