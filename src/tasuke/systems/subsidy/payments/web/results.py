"""What became of the transfers: one payment, what came back, another account, the end of a pay day."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.platform.accounts.staff import staff_name
from tasuke.systems.subsidy.payments.models import FailureReason, Payment, PaymentBatch
from tasuke.systems.subsidy.payments.screens import KINDS, PaymentPage, payment_page
from tasuke.systems.subsidy.payments.services.confirm_transfers import FileNotTaken, PayDayNotOver, confirm_transfers
from tasuke.systems.subsidy.payments.services.correct_account import (
    AlreadyReplaced,
    CorrectedMeanwhile,
    correct_account,
)
from tasuke.systems.subsidy.payments.services.record_failed_transfer import (
    NotTransferred,
    ReturnedAmountDiffers,
    ReturnedOnImpossible,
    record_failed_transfer,
)
from tasuke.systems.subsidy.payments.web.forms import AccountForm, FailureForm
from tasuke.systems.subsidy.profile import active_profile

USING = "subsidy"


@screen(Action.VIEW_PAYMENT, purpose="required")
def one_payment(request: OfficeRequest, payment_no: str) -> HttpResponse:
    """One payment with what it pays for."""
    return _payment(request, _page(request, payment_no))


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
@require_POST
def record_failure(request: OfficeRequest, payment_no: str) -> HttpResponse:
    """振込不能・組戻し: the money came back."""
    page, form = _page(request, payment_no), FailureForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            record_failed_transfer(
                using=USING, payment_no=payment_no, returned_on=given["returned_on"],
                reason=FailureReason(given["reason"]), returned_amount=given["returned_amount"], fee=given["fee"],
                by=request.actor.personal_id, now=request.at,
            )  # fmt: skip
        except NotTransferred as error:
            form.add_error(None, str(error))
            if error.by:
                form.add_error(None, f"{staff_name(error.by)} が先に記録しています。入力は残してあります")
        except ReturnedAmountDiffers as error:
            form.add_error("returned_amount", str(error))
        except ReturnedOnImpossible as error:
            form.add_error("returned_on", str(error))
        else:
            _changed(request, page, "failed-transfer", {"state": "failed", "reason": given["reason"]})
            messages.success(request, "振込不能を記録しました。口座を訂正すると、次の支払に入ります。")
            return _back(payment_no)
    return _payment(request, page, failing=form)


@screen(Action.RECORD_TRANSFER_RESULT, purpose="required")
@require_POST
def correct(request: OfficeRequest, payment_no: str) -> HttpResponse:
    """Into which account the money goes next time."""
    page, form = _page(request, payment_no), AccountForm(request.POST, using=USING, on=request.today)
    if page.line.failure is None:
        raise Http404
    if form.is_valid():
        try:
            correct_account(
                using=USING, payment_no=payment_no, by=request.actor.personal_id, now=request.at,
                wo=active_profile().bank.wo, **{**form.cleaned_data, "seen": form.cleaned_data["seen"] or 0},
            )  # fmt: skip
        except CorrectedMeanwhile as change:
            again = request.POST.copy()
            again["seen"] = str(change.theirs.pk)
            form = AccountForm(again, using=USING, on=request.today)
            form.add_error(None, str(change))
        except (AlreadyReplaced, ValueError) as error:  # ValueError: kana that this city's bank does not take
            form.add_error(None, str(error))
        else:
            _changed(request, page, "account-correction", {"account_no": "changed"})
            messages.success(request, "口座の訂正を記録しました。次の支払に入ります。")
            return _back(payment_no)
    return _payment(request, page, correcting=form)


@screen(Action.RECORD_TRANSFER_RESULT)
@require_POST
def confirm(request: OfficeRequest, pay_on: date) -> HttpResponse:
    """The pay day is over: what did not come back has arrived."""
    if request.scope.offices is not None or request.scope.schemes is not None:
        raise Http404
    try:
        number = confirm_transfers(using=USING, pay_on=pay_on, on=request.today)
    except PaymentBatch.DoesNotExist:
        raise Http404 from None
    except (PayDayNotOver, FileNotTaken) as error:
        messages.error(request, str(error))
    else:
        request.audit.event("transfers-confirmed", f"{pay_on}", rows=number)
        messages.success(request, f"{number:,}件を振込済みにしました。")
    return HttpResponseRedirect(reverse("payments:day", args=[pay_on]))


def _page(request: OfficeRequest, payment_no: str) -> PaymentPage:
    try:
        return payment_page(using=USING, payment_no=payment_no, scope=request.scope, on=request.today)
    except Payment.DoesNotExist:
        raise Http404 from None


def _payment(
    request: OfficeRequest,
    page: PaymentPage,
    *,
    failing: forms.Form | None = None,
    correcting: forms.Form | None = None,
) -> HttpResponse:
    people = [page.line.payment.payee_atena_no, *(item.atena_no for item in page.items)]
    request.audit.read(people, f"payment {page.line.payment}")
    preset = {"returned_amount": page.line.payment.amount, "returned_on": request.today, "fee": 0}
    seen = page.corrections[-1].pk if page.corrections else 0
    context = {
        "page": page,
        "kinds": KINDS,
        "failing": failing or FailureForm(initial=preset),
        "correcting": correcting or AccountForm(using=USING, on=request.today, initial={"seen": seen}),
    }
    return render(request, "payments/payment.html", context, status=422 if failing or correcting else 200)


def _changed(request: OfficeRequest, page: PaymentPage, what: str, after: dict[str, str]) -> None:
    payment = page.line.payment
    request.audit.changed([payment.payee_atena_no], f"{what} {payment}", before={"state": payment.state}, after=after)


def _back(payment_no: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("payments:payment", args=[payment_no]))
