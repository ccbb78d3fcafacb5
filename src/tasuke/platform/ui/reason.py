"""The page that answers a reason that was refused: the error at its field, what was typed still there."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def reason_refused(
    request: HttpRequest, *, form: BaseForm, title: str, button: str, back: str, about: str = ""
) -> HttpResponse:
    """The form again, sent to the same address. back: where the button was; about: what it is done to."""
    context = {"form": form, "title": title, "button": button, "back": back, "about": about}
    return render(request, "ui/reason.html", context, status=422)
