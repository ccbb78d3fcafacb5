"""Business days of banks as the screen shows them."""

from datetime import date

from tasuke.systems.subsidy.settings.bank_days import bank_month


def test_a_month_with_the_golden_week():
    month = bank_month(month=date(2026, 5, 20), payment_day=25)
    assert month.working == 18
    assert [d.day.day for d in month.closed] == [3, 4, 5, 6]
    assert [d.why for d in month.closed][-1].endswith("振替休日")
    assert (month.before, month.after) == (date(2026, 4, 1), date(2026, 6, 1))
    assert all(len(week) == 7 for week in month.weeks)


def test_the_year_end_is_closed_and_says_so():
    closed = {d.day.day: d.why for d in bank_month(month=date(2026, 12, 1), payment_day=25).closed}
    assert closed == {31: "年末年始(銀行の休業日)"}


def test_a_pay_day_on_a_sunday_is_paid_on_the_next_business_day():
    month = bank_month(month=date(2026, 10, 1), payment_day=25)  # a Sunday
    assert month.pay_day == date(2026, 10, 26)
    shown = [d.day for week in month.weeks for d in week if d and d.pay_day]
    assert shown == [date(2026, 10, 26)]
