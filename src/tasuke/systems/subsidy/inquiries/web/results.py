"""結果ファイル on screen: taken, compared, shown; nothing of the file is kept."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.subsidy.inquiries.screens import names_of
from tasuke.systems.subsidy.inquiries.services.take_result_file import Match, Taken, take_result_file
from tasuke.systems.subsidy.inquiries.web.views import USING

_MOST_BYTES = 3 * 2**20  # 10,000 rows of 243 bytes
_SHOWN = 200
_TONES = {Match.SAME: "good", Match.ENDED: "info", Match.ON_ITS_WAY: "warn", Match.DIFFERENT: "bad"}


class ResultFileForm(forms.Form):
    """One file."""

    file = forms.FileField(label="結果ファイル", help_text="市中間サーバから取り出した KEKKA_….DAT(1万件まで)")

    def clean_file(self) -> bytes:
        """The contents."""
        given = self.cleaned_data["file"]
        if given.size > _MOST_BYTES:
            raise forms.ValidationError("ファイルが大きすぎます。1万件までの結果ファイルを選んでください")
        return bytes(given.read())


@require_http_methods(["GET", "POST"])
@screen(Action.TAKE_OVER_ANSWER, purpose="required")
def results(request: OfficeRequest) -> HttpResponse:
    """Take a file, and show row by row what it says beside what stands here."""
    form = ResultFileForm(request.POST, request.FILES) if request.method == "POST" else ResultFileForm()
    if not form.is_valid():
        request.audit.read([], "inquiry-results")
        return render(request, "inquiries/results.html", {"form": form}, status=422 if form.errors else 200)
    taken = take_result_file(using=USING, data=form.cleaned_data["file"], scope=request.scope)
    known = [line.inquiry for line in taken.lines if line.inquiry is not None]
    request.audit.read([inquiry.atena_no for inquiry in known], "inquiry-results")
    ended = [line.inquiry.atena_no for line in taken.lines if line.match is Match.ENDED and line.inquiry]
    if ended:
        request.audit.changed(ended, "inquiry-results", after={"ended": len(ended)})
    context = {"form": ResultFileForm(), "taken": taken, "counts": _counts(taken), "rows": _rows(taken)}
    return render(request, "inquiries/results.html", {**context, "more": max(0, len(taken.lines) - _SHOWN)})


def _counts(taken: Taken) -> list[tuple[str, int]]:
    return [(str(match), taken.count(match)) for match in Match if taken.count(match)]


def _rows(taken: Taken) -> list[dict[str, object]]:
    """Those that somebody has to look at come first."""
    order = [Match.DIFFERENT, Match.UNKNOWN, Match.ENDED, Match.ON_ITS_WAY, Match.SAME]
    shown = sorted(taken.lines, key=lambda line: order.index(line.match))[:_SHOWN]
    names = names_of([line.inquiry.atena_no for line in shown if line.inquiry], using=USING)
    return [
        {
            "line": line,
            "inquiry": line.inquiry,
            "name": names.get(line.inquiry.atena_no, "") if line.inquiry else "",
            "tone": _TONES.get(line.match, "bad"),
        }
        for line in shown
    ]
