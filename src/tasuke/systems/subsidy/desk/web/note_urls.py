"""Address of the notes that ask for a call."""

from django.urls import path

from tasuke.systems.subsidy.desk.web import notes

app_name = "notes"
urlpatterns = [path("due/", notes.due, name="due")]
