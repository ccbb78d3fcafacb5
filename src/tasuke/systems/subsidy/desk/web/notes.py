"""応対記録: written on the household page or here; corrected, never changed."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.ui.fields import DayField
from tasuke.systems.subsidy.desk.models import ContactChannel, ContactKind, ContactNote
from tasuke.systems.subsidy.desk.notes import notes_due, notes_of, whose
from tasuke.systems.subsidy.desk.rows import Row
from tasuke.systems.subsidy.desk.services.add_note import AlreadyCorrected, NoteDraft, add_note
from tasuke.systems.subsidy.desk.web.live import watch
from tasuke.systems.subsidy.desk.web.text_field import TypedText

USING = "subsidy"


class NoteForm(forms.Form):
    """One contact."""

    contact_on = DayField(label="応対日", help_text="")
    channel = forms.ChoiceField(label="方法", choices=ContactChannel.choices)
    kind = forms.ChoiceField(label="種別", choices=ContactKind.choices)
    text = TypedText(
        label="内容",
        max_length=2000,
        help_text="個人番号は書けません。書いた内容は消せません(訂正は新しい記録になります)",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    follow_up_on = DayField(label="次に連絡する日", required=False, help_text="今日の仕事に出ます")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        watch(self, {"contact_on": "day", "follow_up_on": "day"})

    def clean_contact_on(self) -> date:
        """Nobody has spoken with us tomorrow."""
        day: date = self.cleaned_data["contact_on"]
        if day > self.today:
            raise forms.ValidationError("応対日が今日より後です")
        return day

    def draft(self) -> NoteDraft:
        """What was typed. The form is valid."""
        given = self.cleaned_data
        return NoteDraft(given["contact_on"], given["channel"], given["kind"], given["text"], given["follow_up_on"])


@require_safe
@screen(Action.ADD_NOTE, purpose="required")
def due(request: OfficeRequest) -> HttpResponse:
    """Whom somebody promised to call by today."""
    notes = notes_due(using=USING, scope=request.scope, on=request.today)
    request.audit.read([note["atena_no"] for note in notes], "notes-due")
    return render(request, "desk/notes_due.html", {"notes": notes})


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
@screen(Action.ADD_NOTE, purpose="required")
def notes(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """All notes of a person, and a new one."""
    person = _person(request, atena_no)
    first = {"contact_on": request.today, "channel": "1", "kind": "1"}
    form = NoteForm(request.POST or None, initial=first, today=request.today)
    if request.method == "POST" and form.is_valid():
        _write(request, person, form, None)
        messages.success(request, "応対を記録しました。")
        return HttpResponseRedirect(reverse("persons:household", args=[atena_no]) + "#notes")
    return _show(request, person, form)


@sensitive_post_parameters("text")
@require_http_methods(["GET", "POST"])
@screen(Action.ADD_NOTE, purpose="required")
def correct(request: OfficeRequest, atena_no: str, note_id: int) -> HttpResponse:
    """A note that takes the place of another. Somebody who corrected the same one first is named."""
    person = _person(request, atena_no)
    old = ContactNote.objects.using(USING).filter(pk=note_id, atena_no=atena_no).first()
    if old is None:
        raise Http404
    names = ("contact_on", "channel", "kind", "text", "follow_up_on")
    first = {name: getattr(old, name) for name in names}
    form = NoteForm(request.POST or None, initial=first, today=request.today)
    theirs: ContactNote | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _write(request, person, form, note_id)
        except AlreadyCorrected as change:
            theirs = change.theirs
        else:
            messages.success(request, "訂正を記録しました。元の記録も残ります。")
            return HttpResponseRedirect(reverse("persons:notes", args=[atena_no]))
    return _show(request, person, form, old=old, theirs=theirs)


def _write(request: OfficeRequest, person: Row, form: NoteForm, corrects: int | None) -> None:
    atena_no = person["atena_no"]
    made = add_note(
        using=USING,
        atena_no=atena_no,
        ward_code=person["ward_code"],
        draft=form.draft(),
        actor=request.actor,
        now=request.at,
        corrects=corrects,
    )
    after = {"contact": made.pk, "corrects": corrects or ""}
    request.audit.changed([atena_no], "contact_note", after=after)


def _show(
    request: OfficeRequest,
    person: Row,
    form: NoteForm,
    *,
    old: ContactNote | None = None,
    theirs: ContactNote | None = None,
) -> HttpResponse:
    atena_no = person["atena_no"]
    request.audit.read([atena_no], "notes")
    context = {
        "person": person,
        "form": form,
        "old": old,
        "theirs": theirs,
        "notes": notes_of(using=USING, people=[atena_no], on=request.today),
    }
    status = 409 if theirs else 422 if form.errors else 200
    return render(request, "desk/notes.html", context, status=status)


def _person(request: OfficeRequest, atena_no: str) -> Row:
    found = whose(using=USING, atena_no=atena_no, scope=request.scope, on=request.today)
    if found is None:
        raise Http404
    return found
