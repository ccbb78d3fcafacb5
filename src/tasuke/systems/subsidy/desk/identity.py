"""本人確認 of an application or a person: what was compared, newest first."""

from tasuke.systems.subsidy.desk.rows import Row, fetch

_CHECKS = """
SELECT k.id, k.atena_no, k.application_id, k.document, k.result, k.checked_at, k.checked_name, p.name
FROM subsidy_identity_check k
LEFT JOIN LATERAL (SELECT x.name FROM subsidy_resident_record x WHERE x.atena_no = k.atena_no
                   AND x.recorded_to IS NULL ORDER BY lower(x.valid) DESC LIMIT 1) p ON TRUE
WHERE {which} ORDER BY k.id DESC LIMIT 20
"""


def checks_of_application(*, using: str, application_id: int) -> list[Row]:
    """At most twenty. One statement."""
    return fetch(using, _CHECKS.format(which="k.application_id = %(id)s"), {"id": application_id})


def checks_of_person(*, using: str, atena_no: str) -> list[Row]:
    """At most twenty, of any application or none. One statement."""
    return fetch(using, _CHECKS.format(which="k.atena_no = %(person)s"), {"person": atena_no})
