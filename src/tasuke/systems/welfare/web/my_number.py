"""The one page on which a 個人番号 is typed here. It is sealed at once, sent back to no screen and kept in no clear."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from tasuke.platform.access import Action, OfficeRequest, screen
from tasuke.systems.welfare.queries import number_notice
from tasuke.systems.welfare.services.enter_my_number import CannotEnter, enter_my_number
from tasuke.systems.welfare.web.forms import MyNumberForm
from tasuke.systems.welfare.web.persons import USING, found


@never_cache
@sensitive_post_parameters()
@sensitive_variables()
@require_http_methods(["GET", "POST"])
@screen(Action.ENTER_MY_NUMBER, purpose="required", using=USING)
def my_number(request: OfficeRequest, atena_no: str) -> HttpResponse:
    """Enter the 個人番号 of a 住登外者; the page shows how far his number is with 団体内統合宛名, and no address."""
    one = found(request, atena_no)
    if one.issued is None or one.issued.kind != "person" or one.issued.ended_on is not None:
        raise Http404
    form = MyNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            enter_my_number(using=USING, atena_no=atena_no, number=form.cleaned_data["number"], at=request.at)
        except CannotEnter as error:
            form.add_error(None, str(error))
        else:
            request.audit.changed([atena_no], "my-number-entered")
            messages.success(request, "個人番号を封緘し、団体内統合宛名に送ります。ここには残りません。")
            return HttpResponseRedirect(reverse("welfare:person", args=[atena_no]))
    request.audit.read([atena_no], "my-number-form")
    context = {"person": one, "form": form, "notice": number_notice(using=USING, atena_no=atena_no)}
    status = 422 if request.method == "POST" else 200
    return render(request, "welfare/my_number.html", context, status=status)
