"""Addresses of the screens of 社会保障宛名."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, rejections_page
from tasuke.platform.ui.navigation import offer
from tasuke.systems.welfare.web import delivery, my_number, numbers, persons

app_name = "welfare"
_PLACE = Place("welfare", app_name, base="welfare/base.html")
urlpatterns = [
    path("", persons.search_page, name="search"),
    path("persons/<str:atena_no>/", persons.person_page, name="person"),
    path("persons/<str:atena_no>/tax/", persons.tax_page, name="tax"),
    path("persons/<str:atena_no>/note/", persons.note, name="note"),
    path("persons/<str:atena_no>/account/", persons.account, name="account"),
    path("persons/<str:atena_no>/mailing/", persons.mailing, name="mailing"),
    path("persons/<str:atena_no>/protection/", persons.protection, name="protection"),
    path("persons/<str:atena_no>/revise/", numbers.revise, name="revise"),
    path("persons/<str:atena_no>/my-number/", my_number.my_number, name="my-number"),
    path("persons/<str:atena_no>/end/", numbers.end, name="end"),
    path("persons/<str:atena_no>/merge/", numbers.merge, name="merge"),
    path("persons/<str:atena_no>/merges/<int:merge_id>/undo/", numbers.unmerge, name="unmerge"),
    path("nonresidents/new/", numbers.issue, name="issue"),
    path("nonresidents/moved-in/", numbers.moved_in, name="moved-in"),
    path("corporations/new/", numbers.corporation, name="corporation"),
    path("delivery/", delivery.delivery_page, name="delivery"),
    path("delivery/new/", delivery.subscribe, name="subscribe"),
    path("delivery/<int:subscriber_id>/<str:what>/", delivery.decide, name="decide"),
    path("faults/", delivery.faults_page, name="faults"),
    path("faults/<int:notice_id>/again/", delivery.again, name="again"),
    path("rejections/", rejections_page(_PLACE, action=Action.VIEW_WELFARE_DELIVERY), name="rejections"),
]
offer(order=160, label="社会保障宛名", url_name="welfare:search", action=Action.SEARCH_WELFARE)
offer(order=165, label="宛名の配信", url_name="welfare:delivery", action=Action.VIEW_WELFARE_DELIVERY)
