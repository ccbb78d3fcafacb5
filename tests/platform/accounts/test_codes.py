"""One-time codes by the numbers of the standard, and their secrets under seal."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlparse

import pytest
from cryptography.exceptions import InvalidTag

from tasuke.platform.access.testing import make_user
from tasuke.platform.accounts.sealing import seal, unseal
from tasuke.platform.accounts.services.enrol_code import enrol_code, pending_enrolment
from tasuke.platform.accounts.services.use_code import use_code
from tasuke.platform.accounts.totp import present_code

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    # RFC 6238, appendix B, SHA-1, the last six of its eight digits
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_of_the_standard(second, code):
    assert present_code(secret=SECRET, at=datetime.fromtimestamp(second, UTC)) == code


def test_a_sealed_secret_opens_for_its_owner_only():
    sealed = seal(SECRET, owner="k-00123")
    assert unseal(sealed, owner="k-00123") == SECRET
    assert seal(SECRET, owner="k-00123") != sealed
    for changed, owner in ((sealed, "k-00124"), (sealed[:-1] + bytes([sealed[-1] ^ 1]), "k-00123")):
        with pytest.raises(InvalidTag):
            unseal(changed, owner=owner)


def test_another_key_opens_nothing(settings):
    sealed = seal(SECRET, owner="k-00123")
    settings.SECRET_KEY = "another installation"
    with pytest.raises(InvalidTag):
        unseal(sealed, owner="k-00123")


@pytest.mark.django_db(databases=["accounts"])
def test_enrolment_shows_its_secret_until_the_first_code_and_never_again():
    user = make_user("k-00123", at=NOON)
    enrolment = enrol_code(user=user, by="admin-1", at=NOON, secret=SECRET)
    uri = urlparse(enrolment.uri)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/tasuke:k-00123")
    assert parse_qs(uri.query)["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert pending_enrolment(user=user) == enrolment
    assert use_code(personal_id="k-00123", code=present_code(secret=SECRET, at=NOON), at=NOON, confirming=True)
    assert pending_enrolment(user=user) is None


@pytest.mark.django_db(databases=["accounts"])
def test_a_new_enrolment_stops_the_old_codes():
    user = make_user("k-00123", at=NOON)
    enrol_code(user=user, by="admin-1", at=NOON, secret=SECRET)
    use_code(personal_id="k-00123", code=present_code(secret=SECRET, at=NOON), at=NOON, confirming=True)
    enrol_code(user=user, by="admin-1", at=NOON)
    later = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    assert not use_code(personal_id="k-00123", code=present_code(secret=SECRET, at=later), at=later)
