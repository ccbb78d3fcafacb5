"""Addresses of the screens of 団体内統合宛名."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, letters_page, rejections_page, send_again
from tasuke.platform.ui.navigation import offer
from tasuke.systems.unified_id.web import permits, views

app_name = "unified_id"
_ERRORS = Action.LIST_NUMBER_ERRORS
_PLACE = Place("unified_id", app_name, tabs="unified_id/faults_tabs.html", lead="住基GWに送り、")
urlpatterns = [
    path("", views.search, name="search"),
    path("persons/<str:unified_no>/", views.person, name="person"),
    path("persons/<str:unified_no>/my-number/", views.show, name="show"),
    path("persons/<str:unified_no>/merge/", views.merge, name="merge"),
    path("persons/<str:unified_no>/code/", views.code_again, name="code-again"),
    path("merges/<int:merge_id>/undo/", views.unmerge, name="unmerge"),
    path("errors/", views.errors, name="errors"),
    path("errors/<int:fault_id>/settle/", views.settle, name="settle"),
    path("letters/", letters_page(_PLACE, action=_ERRORS, send=_ERRORS, purpose="required"), name="letters"),
    path("letters/<int:outgoing_id>/again/", send_again(_PLACE, action=_ERRORS, purpose="required"), name="again"),
    path("rejections/", rejections_page(_PLACE, action=Action.VIEW_NUMBER_STATISTICS), name="rejections"),
    path("statistics/", views.statistics_page, name="statistics"),
    path("permits/", permits.permits_page, name="permits"),
    path("permits/<int:permit_id>/approve/", permits.approve, name="approve-permit"),
    path("permits/<int:permit_id>/end/", permits.end, name="end-permit"),
]
offer(order=210, label="統合宛名", url_name="unified_id:search", action=Action.SEARCH_NUMBERS)
offer(order=211, label="番号の誤り", url_name="unified_id:errors", action=Action.LIST_NUMBER_ERRORS)
offer(order=212, label="番号の件数", url_name="unified_id:statistics", action=Action.VIEW_NUMBER_STATISTICS)
offer(order=213, label="番号の許可", url_name="unified_id:permits", action=Action.PERMIT_MY_NUMBER)
