"""The result file of a day, for businesses that take files: states only, contents go through the answers."""

from datetime import datetime, time, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from tasuke.formats.inquiry_file import ROWS_PER_FILE, Unwritable, render_results
from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.fields import DayField
from tasuke.systems.gateway.files import ended_between, result_rows

USING = "gateway"


class ResultsForm(forms.Form):
    """Of which day, and what for."""

    day = DayField(label="結果の日")
    purpose = forms.CharField(label="使いみち", max_length=200, help_text="証跡に残ります。")


@screen(Action.WRITE_INQUIRY_FILE, purpose="required", using=USING)
def results(request: OfficeRequest) -> HttpResponse:
    """Ask for a day; the file of what ended on it."""
    form = ResultsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        begin = datetime.combine(form.cleaned_data["day"], time.min, request.at.tzinfo)
        rows = ended_between(start=begin, end=begin + timedelta(days=1), limit=ROWS_PER_FILE + 1, using=USING)
        try:
            data = render_results(result_rows(rows))
        except Unwritable as error:
            form.add_error("day", str(error))
        else:
            name = f"KEKKA_{begin:%Y%m%d}_0001.DAT"
            request.audit.exported(
                [row.atena_no for row in rows], name, rows=len(rows), purpose=form.cleaned_data["purpose"]
            )
            return HttpResponse(
                data,
                content_type="application/octet-stream",
                headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
            )
    request.audit.read([], "results-file")
    return render(request, "gateway/files.html", {"form": form}, status=422 if form.errors else 200)
