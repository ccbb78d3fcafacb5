"""Fields that are looked up while somebody types: attributes for htmx. Without script the form tells after sending."""

import json
from collections.abc import Mapping

from django import forms
from django.urls import reverse_lazy


def watch(form: forms.Form, checks: Mapping[str, str]) -> None:
    """Let fields ask `/checks/<what>/` when they change; the answer stands below the field (`{% live form.x %}`).

    checks: name of the field → what is checked. The form's own values go with the question, so also its CSRF token.
    """
    for name, what in checks.items():
        if name in form.fields:
            bound = form[name]
            form.fields[name].widget.attrs |= {
                "hx-post": reverse_lazy(f"checks:{what}"),
                "hx-trigger": "change",
                "hx-target": f"#{bound.auto_id}_echo",
                "hx-swap": "innerHTML",
                "hx-vals": json.dumps({"field": bound.html_name}),
            }
