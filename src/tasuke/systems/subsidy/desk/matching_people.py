"""Who stands on the form of an application, and what was typed of each from the paper."""

from dataclasses import dataclass
from datetime import date

from tasuke.systems.subsidy.desk.matching_words import PART_WORDS
from tasuke.systems.subsidy.desk.rows import fetch
from tasuke.systems.subsidy.registry.protection import protected_sql

_PEOPLE = """
WITH o AS (SELECT * FROM subsidy_application WHERE id = %(id)s), form AS (
  SELECT o.atena_no AS person, 'target' AS part FROM o
  UNION SELECT o.applicant_atena_no, 'applicant' FROM o
  UNION SELECT r.other_atena_no, r.kind FROM o JOIN subsidy_relation r ON r.atena_no = o.atena_no
    AND r.scheme = o.scheme AND r.recorded_to IS NULL AND r.valid @> o.received_on
)
SELECT f.person, f.parts, coalesce(p.name, '') AS name, coalesce(s.name, '') AS said_name, s.birth_date,
       coalesce(s.address, '') AS address, coalesce(s.relationship, '') AS relationship,
       {protected} AS protected
FROM (SELECT person, array_agg(part) AS parts FROM form GROUP BY person) f
LEFT JOIN LATERAL (SELECT x.name FROM subsidy_resident_record x WHERE x.atena_no = f.person
                   AND x.recorded_to IS NULL ORDER BY lower(x.valid) DESC LIMIT 1) p ON TRUE
LEFT JOIN subsidy_stated_person s ON s.application_id = %(id)s AND s.atena_no = f.person AND s.replaced_at IS NULL
ORDER BY f.person
"""


@dataclass(frozen=True, slots=True)
class FormPerson:
    """One person of a form. name: of the register; parts: words; said_…: from the paper, empty where not typed.

    protected: where the person lives is neither asked nor shown.
    """

    atena_no: str
    name: str
    parts: str
    said_name: str
    said_birth: date | None
    said_home: str
    said_relationship: str
    protected: bool


def people_of_form(*, using: str, application_id: int, on: date) -> list[FormPerson]:
    """The applicant first, then the others as a form names them. One statement."""
    order = list(PART_WORDS)
    query = _PEOPLE.format(protected=protected_sql("f.person", on="%(on)s"))
    rows = fetch(using, query, {"id": application_id, "on": on})
    rows.sort(key=lambda row: (min(order.index(part) for part in row["parts"]), row["person"]))
    return [
        FormPerson(
            atena_no=row["person"],
            name=row["name"] or row["person"],
            parts="・".join(PART_WORDS[part] for part in sorted(row["parts"], key=order.index)),
            said_name=row["said_name"],
            said_birth=row["birth_date"],
            said_home="" if row["protected"] else row["address"],
            said_relationship=row["relationship"],
            protected=row["protected"],
        )
        for row in rows
    ]
