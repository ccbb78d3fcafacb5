"""The quick renderer writes what Django's templates write."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from tasuke.platform.ui.renderer import QuickRenderer

ODD = "<b>\"'&"
CHOICES = [("", "すべて"), ("a", ODD), ("組", [("b", mark_safe("<i>x</i>")), (3, "三")]), (ODD, "終")]
WIDGETS = {
    "text": (forms.TextInput(attrs={"class": "short", "autofocus": True, "hidden": False}), ODD),
    "no value": (forms.TextInput(), None),
    "number": (forms.NumberInput(attrs={"min": 0}), 0),
    "password": (forms.PasswordInput(render_value=True), ODD),
    "hidden": (forms.HiddenInput(), 3),
    "checked": (forms.CheckboxInput(), True),
    "unchecked": (forms.CheckboxInput(attrs={"data-x": ODD}), False),
    "day": (forms.DateInput(), "2026-05-01"),
    "area": (forms.Textarea(attrs={"rows": 3}), ODD + "\n二行目"),
    "empty area": (forms.Textarea(), ""),
    "list": (forms.Select(choices=CHOICES), "a"),
    "list of many": (forms.SelectMultiple(choices=CHOICES), ["b", ODD]),
    "radio": (forms.RadioSelect(choices=CHOICES), "a"),
    "boxes": (forms.CheckboxSelectMultiple(choices=CHOICES), ["a"]),
    "file": (forms.FileInput(), None),
}


@pytest.mark.parametrize("name", WIDGETS)
def test_quick_renderer_writes_the_same(name):
    widget, value = WIDGETS[name]
    for attrs in (None, {"id": "id_x", "aria-describedby": ODD, "required": True}):
        quick, slow = (
            widget.render("x" + ODD, value, attrs=attrs, renderer=r) for r in (QuickRenderer(), DjangoTemplates())
        )
        assert plain(quick) == plain(slow)


def plain(html):
    """Line ends inside a list and at the end do not count."""
    return re.sub(r"\s*\n\s*(?=<)", "\n", str(html)).strip()


def test_office_uses_the_quick_renderer(settings):
    assert settings.FORM_RENDERER == "tasuke.platform.ui.renderer.QuickRenderer"
