"""Addresses of sign-in and of one's own account."""

from django.urls import path

from tasuke.platform.access.web import own, signin, terminal

app_name = "accounts"
urlpatterns = [
    path("signin/", signin.pin, name="signin"),
    path("signin/code/", signin.code, name="code"),
    path("signout/", signin.signout, name="signout"),
    path("terminal/", terminal.register, name="terminal"),
    path("pin/", own.change_own_pin, name="pin"),
    path("purpose/", own.choose_purpose, name="purpose"),
]
