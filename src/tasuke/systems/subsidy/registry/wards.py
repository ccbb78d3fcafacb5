"""In which ward a person lived on a day, from the address history: on columns for lists, as a predicate for screens.

The ward is never frozen on an entitlement: it is asked for the day that the purpose names (ADR 17). Who left the city
or died still belongs to the last ward; a day before the history begins belongs to the first one known.
"""

from typing import Any

import polars as pl
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.lookups import In

from tasuke.platform.access import Scope
from tasuke.systems.subsidy.registry.histories import RESIDENTS
from tasuke.systems.subsidy.registry.models import ResidentRecord
from tasuke.systems.subsidy.registry.tables import select_current

WARDS = {"atena_no": pl.String(), "valid_from": pl.Date(), "ward_code": pl.String()}


def wards_frame(*, using: str, atena_nos: pl.Series | None = None) -> pl.DataFrame:
    """The wards of persons as steps (WARDS): from valid_from on, until the person's next row. Times without one (moved
    out, dead, 住登外) make no step."""
    rows = select_current(using=using, table=RESIDENTS, atena_nos=atena_nos, where="t.ward_code <> ''")
    return rows.select("atena_no", valid_from="start", ward_code="ward_code").sort("atena_no", "valid_from")


def with_ward(
    rows: pl.DataFrame, wards: pl.DataFrame, *, day: pl.Expr, person: str = "atena_no", name: str = "ward_code"
) -> pl.DataFrame:
    """The rows, in their order, with the ward of `person` on `day` ("" where none is known). wards: `wards_frame`.

    Pure. A null day asks for the first ward known.
    """
    numbered = rows.drop(name, strict=False).with_row_index("_row")
    asked = numbered.select("_row", pl.col(person).alias("atena_no"), day.alias("_day"))
    steps = asked.join(wards.select(*WARDS), on="atena_no", how="inner")
    # the last step that has begun; else the first of all
    begun = (pl.col("valid_from") <= pl.col("_day")).fill_null(value=False)
    rank = pl.when(begun).then(pl.col("valid_from").to_physical()).otherwise(-pl.col("valid_from").to_physical())
    found = (
        steps.with_columns(begun.alias("_begun"), rank.alias("_rank"))
        .sort("_row", "_begun", "_rank")
        .unique("_row", keep="last", maintain_order=True)
        .select("_row", pl.col("ward_code").alias(name))
    )
    return (
        numbered.join(found, on="_row", how="left", maintain_order="left")
        .with_columns(pl.col(name).fill_null(""))
        .drop("_row")
    )


def last_ward(*, using: str, person: str = "atena_no") -> Subquery:
    """To annotate rows with the ward in which a person lives, or lived last in the city.

    Somebody who has moved away or died still belongs to the office that knows the case. person: the outer column.
    """
    found = ResidentRecord.objects.using(using).filter(atena_no=OuterRef(person), recorded_to__isnull=True)
    known = found.exclude(ward_code="").order_by(F("valid").desc())
    return Subquery(known.values("ward_code")[:1])


def seen_by(
    scope: Scope, *, using: str, ward: str = "ward_code", scheme: str = "scheme", person: str = "atena_no"
) -> Q:
    """Ledger rows that an office may see: of its own ward on the day of the row, and of whoever lives in it now.

    The office that worked on a case stays able to read its own work (each reading is in the audit trail); the office
    to which a household moved sees the household's whole history. `ward`: the row's column of the ward on its day.
    """
    whole = Q()
    for offices, schemes in scope.pairs or ((scope.offices, scope.schemes),):
        limited = Q() if schemes is None else Q(**{f"{scheme}__in": sorted(schemes)})
        if offices is None:
            if schemes is None:
                return Q()
            whole |= limited
            continue
        lives_here = In(last_ward(using=using, person=person), sorted(offices))
        whole |= limited & (Q(**{f"{ward}__in": sorted(offices)}) | Q(lives_here))
    return whole


_LAST_WARD = (
    "(SELECT r.ward_code FROM subsidy_resident_record r WHERE r.atena_no = {rows}.atena_no AND r.recorded_to IS NULL"
    " AND r.ward_code <> '' ORDER BY r.valid DESC LIMIT 1)"
)


def last_ward_sql(rows: str) -> str:
    """`last_ward` as SQL. rows: alias of a table with atena_no; ours, never text from outside."""
    return _LAST_WARD.format(rows=rows)


def seen_by_sql(scope: Scope, *, rows: str) -> tuple[str, dict[str, Any]]:
    """`seen_by` as SQL with named parameters, for a statement that counts several things. rows: alias of a table with
    atena_no, ward_code and scheme; ours, never text from outside."""
    texts, parameters = [], dict[str, Any]()
    for place, (offices, schemes) in enumerate(scope.pairs or ((scope.offices, scope.schemes),)):
        parts = []
        if schemes is not None:
            parts.append(f"{rows}.scheme = ANY(%(seen_schemes_{place})s)")
            parameters[f"seen_schemes_{place}"] = sorted(schemes)
        if offices is not None:
            wards = f"ANY(%(seen_wards_{place})s)"
            parts.append(f"({rows}.ward_code = {wards} OR {_LAST_WARD.format(rows=rows)} = {wards})")
            parameters[f"seen_wards_{place}"] = sorted(offices)
        if not parts:
            return "TRUE", {}
        texts.append(" AND ".join(parts))
    return f"({' OR '.join(f'({text})' for text in texts)})", parameters
