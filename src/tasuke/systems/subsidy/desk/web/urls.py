"""Address of the home page; offers the entries of the desk to the bar."""

from django.urls import path

from tasuke.platform.access import Action
from tasuke.platform.ui.navigation import offer
from tasuke.systems.subsidy.desk.web import home

offer(order=10, label="今日の仕事", url_name="home:today", action=Action.VIEW_HOME, key="1")
offer(order=20, label="対象者を探す", url_name="persons:search", action=Action.SEARCH_PERSON, key="2")
offer(order=30, label="申請", url_name="applications:list", action=Action.LIST_APPLICATIONS, key="3")

app_name = "home"
urlpatterns = [path("", home.today, name="today")]
