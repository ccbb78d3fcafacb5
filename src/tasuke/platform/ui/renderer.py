"""Widgets that stand on nearly every page, written without a template for each option: the same words, sooner.

A list of forty reasons took a third of its page. Everything else goes to Django's own templates, and a test holds both
against each other.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_FOLDER = "django/forms/widgets/"
_INPUTS = ("text", "number", "email", "url", "date", "datetime", "time", "hidden", "password", "checkbox", "input")


class QuickRenderer(DjangoTemplates):
    """FORM_RENDERER: inputs, lists and text areas by hand, the rest by templates."""

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        """One widget. context: as the widget gives it."""
        quick = _QUICK.get(template_name)
        if quick is None:
            return mark_safe(super().render(template_name, context, request))  # noqa: S308 Django's own templates escape
        return mark_safe(quick(context["widget"]))  # noqa: S308 every value below goes through _safe


def _safe(value: object) -> str:
    return conditional_escape(value if isinstance(value, SafeString) else str(value))


def _attrs(attrs: Mapping[str, Any]) -> str:
    return "".join(
        f" {_safe(name)}" if value is True else f' {_safe(name)}="{_safe(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _input(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    told = "" if value is None else f' value="{_safe(value)}"'
    return f'<input type="{_safe(widget["type"])}" name="{_safe(widget["name"])}"{told}{_attrs(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    told = _safe(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_safe(widget["name"])}"{_attrs(widget["attrs"])}>\n{told}</textarea>'


def _select(widget: Mapping[str, Any]) -> str:
    lines = [f'<select name="{_safe(widget["name"])}"{_attrs(widget["attrs"])}>']
    for group, options, _ in widget["optgroups"]:
        if group:
            lines.append(f'  <optgroup label="{_safe(group)}">')
        lines += [
            f'  <option value="{_safe(o["value"])}"{_attrs(o["attrs"])}>{_safe(o["label"])}</option>' for o in options
        ]
        if group:
            lines.append("  </optgroup>")
    return "\n".join((*lines, "</select>"))


_QUICK: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **{f"{_FOLDER}{name}.html": _input for name in _INPUTS},
    f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select,
}
