"""Fact tables for statistics: one row per cell of the cube, made anew for a month when it is closed."""

from typing import ClassVar

from django.db import models


class BenefitFact(models.Model):
    """Benefits of a settlement month by scheme × band × ward × care × in/out × funding × method × service month."""

    month = models.DateField("支払月")  # month in which the claim was billed or the reimbursement decided
    service_month = models.DateField("診療月")
    scheme = models.CharField("制度", max_length=40)
    band = models.CharField("年齢区分", max_length=20)
    ward_code = models.CharField("区コード", max_length=6)
    care = models.CharField("診療種別", max_length=12)
    inpatient = models.BooleanField("入院")
    funding = models.CharField("財源", max_length=12)
    method = models.CharField("給付方法", max_length=14)  # in_kind reimbursement
    claims = models.BigIntegerField("件数")
    persons = models.BigIntegerField("人数")
    days = models.BigIntegerField("日数")
    cost = models.BigIntegerField("医療費")
    burden = models.BigIntegerField("一部負担金")
    subsidy = models.BigIntegerField("助成額")

    class Meta:
        db_table = "subsidy_benefit_fact"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    "month", "service_month", "scheme", "band", "ward_code", "care", "inpatient", "funding", "method",
                ],
                name="subsidy_benefit_fact_cell",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.month} {self.scheme}"


class RecipientFact(models.Model):
    """Recipients on the last day of a month."""

    month = models.DateField("月")
    scheme = models.CharField("制度", max_length=40)
    band = models.CharField("年齢区分", max_length=20)
    ward_code = models.CharField("区コード", max_length=6)
    role = models.CharField("区分", max_length=12)
    copay_class = models.CharField("負担区分", max_length=20)
    funding = models.CharField("財源", max_length=12)
    persons = models.BigIntegerField("人数")

    class Meta:
        db_table = "subsidy_recipient_fact"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "scheme", "band", "ward_code", "role", "copay_class", "funding"],
                name="subsidy_recipient_fact_cell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.scheme}"
