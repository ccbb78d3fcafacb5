"""Addresses of sign-in and of one's own account."""

from django.urls import path

from tasuke.platform.access.web import account, own, signin, terminal

app_name = "accounts"
urlpatterns = [
    path("signin/", signin.pin, name="signin"),
    path("signin/code/", signin.code, name="code"),
    path("signin/key/", signin.key, name="sign_in_key"),
    path("signout/", signin.signout, name="signout"),
    path("terminal/", terminal.register, name="terminal"),
    path("pin/", own.change_own_pin, name="pin"),
    path("purpose/", own.choose_purpose, name="purpose"),
    path("account/", account.show, name="account"),
    path("account/keys/register/", account.register, name="register_key"),
    path("account/keys/<int:key_id>/rename/", account.rename, name="rename_key"),
    path("account/keys/<int:key_id>/remove/", account.remove, name="remove_key"),
]
