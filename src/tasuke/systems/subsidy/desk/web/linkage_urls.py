"""Addresses of what has to be looked at between this system and the others."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.transport.web.pages import Place, letters_page, rejections_page, send_again
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.desk.web import linkage

app_name = "linkage"
_LETTERS = Action.VIEW_SUBSIDY_LETTERS
_PLACE = Place("subsidy", app_name, tabs="desk/_linkage_tabs.html")
urlpatterns = [
    path("", linkage.listed, name="list"),
    path("<int:problem_id>/settle", linkage.settle, name="settle"),
    path("letters/", letters_page(_PLACE, action=_LETTERS, send=_LETTERS), name="letters"),
    path("letters/<int:outgoing_id>/again", send_again(_PLACE, action=_LETTERS), name="again"),
    path("rejections/", rejections_page(_PLACE, action=_LETTERS), name="rejections"),
]
offer(order=36, label="反映できなかった変更", url_name="linkage:list", action=Action.LIST_CHANGE_PROBLEMS)
offer(order=85, label="届かなかった電文", url_name="linkage:letters", action=_LETTERS)
