"""Bodies that send at the same time: nobody waits for ever, mailboxes have no gap, nothing happens twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from tests.systems.nis.stations import NUMBER, OTHER_NUMBER

from tasuke.contracts.mediation import AskBatch
from tasuke.systems.nis.models import Code, IssuedPermit, Mail, Person

pytestmark = pytest.mark.django_db(databases=["nis"], transaction=True)


def in_threads(*works):
    """Run these at the same time, each with its own connection; results in order."""

    def run(work):
        try:
            return work()
        finally:
            connections["nis"].close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_two_bodies_that_ask_each_other_do_not_block(sapporo, otaru):
    sapporo.code_of()
    otaru.code_of()

    def send(station, other):
        for _ in range(10):
            assert station.send_asks(station.ask(other)) == [("taken", "")]

    in_threads(lambda: send(sapporo, otaru), lambda: send(otaru, sapporo))
    assert IssuedPermit.objects.using("nis").count() == 20
    for station in (sapporo, otaru):
        numbers = Mail.objects.using("nis").filter(receiver=station.code).order_by("sequence")
        assert list(numbers.values_list("sequence", flat=True)) == list(range(2, 12))  # 1 was the code, confirmed


def test_one_envelope_sent_twice_at_the_same_time_is_taken_once(sapporo, otaru):
    otaru.code_of()
    envelope = sapporo.envelope(AskBatch(asks=(sapporo.ask(otaru),)))
    said = in_threads(*[lambda: sapporo.send(envelope)] * 4)
    assert sorted(verdict for ((verdict, _),) in said) == ["known"] * 3 + ["taken"]
    assert IssuedPermit.objects.using("nis").count() == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["mailbox.post", "add_refusals"])
def test_a_process_that_dies_in_the_middle_loses_nothing_and_does_nothing_twice(sapporo, otaru, monkeypatch, where):
    """Everything of a call is one transaction: after the restart the same envelope is taken, once."""
    otaru.code_of()
    envelope = sapporo.envelope(AskBatch(asks=(sapporo.ask(otaru),)))

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(f"tasuke.systems.nis.services.receive_envelopes.{where}", die)
        with pytest.raises(Killed):
            sapporo.send(envelope)
    assert (IssuedPermit.objects.using("nis").count(), Mail.objects.using("nis").count()) == (0, 0)
    assert sapporo.send(envelope) == [("taken", "")]
    assert sapporo.send(envelope) == [("known", "")]
    assert (IssuedPermit.objects.using("nis").count(), Mail.objects.using("nis").count()) == (1, 1)


def test_a_person_who_appears_at_two_bodies_at_the_same_time_is_one_person(sapporo, otaru):
    in_threads(lambda: sapporo.want(NUMBER, OTHER_NUMBER), lambda: otaru.want(OTHER_NUMBER, NUMBER))
    assert Person.objects.using("nis").count() == 2
    assert Code.objects.using("nis").count() == 4
