from datetime import date

import pytest
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext

from tasuke.core.text import search_key
from tasuke.platform.batch.models import RunProblem
from tasuke.platform.exchange.models import InboundFile
from tasuke.systems.subsidy.registry import feeds
from tasuke.systems.subsidy.registry.jobs import import_residents
from tasuke.systems.subsidy.registry.models import Protection, ResidentRecord

pytestmark = pytest.mark.django_db(databases=["subsidy"])


def history(atena_no="101"):
    rows = ResidentRecord.objects.current().of_person(atena_no).order_by("valid")
    return [(r.valid.lower, r.valid.upper, r.address, r.resident_status) for r in rows]


def codes(run):
    return sorted(RunProblem.objects.using("subsidy").filter(run=run).values_list("code", flat=True))


def test_import_residents_full_file_makes_rows_with_search_keys(import_feed):
    run, done = import_feed("residents", [{}, {"atena_no": "102", "name": "﨑山 𠮷男"}])

    assert done
    assert run.counts["added"] == 2
    assert ResidentRecord.objects.get(atena_no="101").name_key == "高橋花子"
    assert ResidentRecord.objects.get(atena_no="102").name_key == "崎山吉男"
    file = InboundFile.objects.using("subsidy").get(kind="residents")
    assert (file.rows, file.accepted, file.rejected, file.run_id) == (2, 2, 0, run.pk)


def test_import_residents_same_file_twice_changes_nothing(import_feed):
    import_feed("residents", [{}])
    before = list(ResidentRecord.objects.values())

    run, done = import_feed("residents", [{}])

    assert not done
    assert run.counts["added"] == 1
    assert list(ResidentRecord.objects.values()) == before


def test_import_residents_full_file_again_changes_only_what_differs(import_feed):
    import_feed("residents", [{}, {"atena_no": "102"}])
    first = set(ResidentRecord.objects.values_list("pk", flat=True))

    run, _ = import_feed(
        "residents", [{}, {"atena_no": "102", "address": "川崎市幸区1", "event_date": date(2026, 5, 1)}]
    )

    assert (run.counts["added"], run.counts["superseded"], run.counts["unchanged"]) == (2, 1, 1)
    assert history() == [(date(2026, 4, 1), None, "川崎市川崎区架空町1-1", "1")]
    assert ResidentRecord.objects.current().get(atena_no="101").pk in first
    assert history("102") == [
        (date(2026, 4, 1), date(2026, 5, 1), "川崎市川崎区架空町1-1", "1"),
        (date(2026, 5, 1), None, "川崎市幸区1", "1"),
    ]


def test_import_residents_differential_move_and_removal_keep_both_times(import_feed):
    import_feed("residents", [{}])

    import_feed(
        "residents",
        [
            {"event_code": "03", "event_date": date(2026, 5, 10), "address": "川崎市幸区1"},
            {
                "event_code": "04",
                "event_date": date(2026, 7, 1),
                "resident_status": "2",
                "removed_on": date(2026, 7, 1),
                "address": "横浜市1",
            },
        ],
    )

    assert [(a, b, s) for a, b, _, s in history()] == [
        (date(2026, 4, 1), date(2026, 5, 10), "1"),
        (date(2026, 5, 10), date(2026, 7, 1), "1"),
        (date(2026, 7, 1), None, "2"),
    ]
    old = ResidentRecord.objects.get(recorded_to__isnull=False)
    assert (old.valid.lower, old.valid.upper) == (date(2026, 4, 1), None)
    assert old.recorded_to == ResidentRecord.objects.current().latest("pk").recorded_from


def test_import_residents_late_event_leaves_later_ones(import_feed):
    import_feed("residents", [{}])
    import_feed("residents", [{"event_code": "03", "event_date": date(2026, 6, 1), "address": "C"}])

    import_feed("residents", [{"event_code": "03", "event_date": date(2026, 5, 1), "address": "B"}])

    assert [(a, b, c) for a, b, c, _ in history()] == [
        (date(2026, 4, 1), date(2026, 5, 1), "川崎市川崎区架空町1-1"),
        (date(2026, 5, 1), date(2026, 6, 1), "B"),
        (date(2026, 6, 1), None, "C"),
    ]


def test_import_residents_full_file_takes_back_a_wrong_event_but_not_a_newer_one(import_feed):
    import_feed("residents", [{}, {"atena_no": "102"}])
    import_feed("residents", [{"event_code": "03", "event_date": date(2026, 5, 1), "address": "WRONG"}])
    import_feed(
        "residents", [{"atena_no": "102", "event_code": "03", "event_date": date(2026, 6, 20), "address": "NEW"}]
    )

    import_feed("residents", [{}, {"atena_no": "102"}, {"atena_no": "103", "event_date": date(2026, 6, 1)}])

    assert [c for _, _, c, _ in history()] == ["川崎市川崎区架空町1-1"]
    assert [c for _, _, c, _ in history("102")] == ["川崎市川崎区架空町1-1", "NEW"]


def test_import_residents_two_rows_of_one_day_the_later_number_counts(import_feed):
    import_feed(
        "residents",
        [{"event_code": "06", "household_no": "1"}, {"event_code": "07", "household_no": "1", "name": "佐藤　花子"}],
    )

    assert ResidentRecord.objects.get().name == "佐藤　花子"


def test_import_residents_gap_and_double_numbers_are_reported(import_feed):
    run, _ = import_feed("residents", [{"seq": 1}, {"seq": 2, "atena_no": "102"}, {"seq": 5, "atena_no": "103"}])
    assert codes(run) == ["sequence_gap"]
    assert "3から4" in RunProblem.objects.using("subsidy").get(run=run).message

    run, _ = import_feed("residents", [{"seq": 1, "atena_no": "104"}, {"seq": 1, "atena_no": "105"}])
    assert ResidentRecord.objects.filter(atena_no__in=["104", "105"]).count() == 1
    assert RunProblem.objects.using("subsidy").filter(run=run, severity="error").count() == 1


def test_import_residents_protection_opens_and_never_closes(import_feed):
    import_feed("residents", [{"protection": True}])
    assert Protection.objects.get().since == date(2026, 4, 1)

    run, _ = import_feed(
        "residents", [{"protection": False, "event_code": "03", "event_date": date(2026, 6, 1), "address": "B"}]
    )

    assert Protection.objects.get().ended_on is None
    assert codes(run) == ["protection_flag_off"]
    import_feed("residents", [{"protection": True, "event_code": "03", "event_date": date(2026, 7, 1), "address": "C"}])
    assert Protection.objects.get().since == date(2026, 4, 1)


def test_import_residents_full_file_names_residents_that_it_lacks(import_feed):
    import_feed("residents", [{}, {"atena_no": "102"}])

    run, _ = import_feed("residents", [{"address": "B", "event_date": date(2026, 5, 1)}])

    problem = RunProblem.objects.using("subsidy").get(run=run)
    assert (problem.code, problem.value) == ("resident_missing", "102")
    assert history("102")[0][3] == "1"
    assert run.comparison == [{"label": "住民(全件ファイルと台帳)", "now": 1, "before": 2}]


def test_import_residents_broken_file_changes_nothing_and_says_why(import_feed):
    run, _ = import_feed("residents", "氏名,住所\r\nあ,い\r\n".encode())

    assert run.plan["取り込む行"] == 0
    assert not ResidentRecord.objects.exists()
    assert RunProblem.objects.using("subsidy").filter(run=run, severity="fatal").exists()


def test_import_residents_number_of_queries_does_not_grow_with_rows(import_feed):
    def queries(start, count):
        with CaptureQueriesContext(connections["subsidy"]) as captured:
            import_feed("residents", [{"atena_no": str(n), "protection": True} for n in range(start, start + count)])
        return len(captured)

    queries(500, 1)  # the first load goes another way
    few, many, more = queries(1_000, 3), queries(2_000, 150), queries(3_000, 300)
    assert few < many == more  # a few people stand in the statement itself, many in a table that is made for them


def guards():
    query = (
        "SELECT conname FROM pg_constraint WHERE conrelid = 'subsidy_resident_record'::regclass UNION ALL "
        "SELECT indexname FROM pg_indexes WHERE tablename = 'subsidy_resident_record' ORDER BY 1"
    )
    with connections["subsidy"].cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]


def test_import_residents_first_load_leaves_every_constraint_and_index_in_place(import_feed, monkeypatch):
    whole = feeds.person_slices
    monkeypatch.setattr(feeds, "person_slices", lambda persons, size: whole(persons, 7))
    built = []
    real = feeds.built_at_the_end
    monkeypatch.setattr(feeds, "built_at_the_end", lambda **about: built.append(about) or real(**about))
    before = guards()
    assert "subsidy_resident_no_overlap" in before

    run, _ = import_feed("residents", [{"atena_no": str(n)} for n in range(1_000, 1_050)])

    assert run.counts["added"] == 50
    assert run.chunks_total == 1
    assert len(built) == 1
    assert ResidentRecord.objects.count() == 50
    assert guards() == before


def test_import_residents_first_load_that_fails_leaves_everything_as_it_was(import_feed, monkeypatch):
    before = guards()
    monkeypatch.setattr(import_residents, "_OPEN_PROTECTIONS", "SELECT 1 FROM {}_nowhere")

    with pytest.raises(DatabaseError):
        import_feed("residents", [{"protection": True}])

    assert guards() == before
    assert not ResidentRecord.objects.exists()


def test_import_residents_every_chunk_of_a_later_file_is_taken(import_feed, monkeypatch):
    import_feed("residents", [{"atena_no": "1"}])
    whole = feeds.person_slices
    monkeypatch.setattr(feeds, "person_slices", lambda persons, size: whole(persons, 7))

    run, _ = import_feed("residents", [{"atena_no": str(n)} for n in range(1_000, 1_050)])

    assert run.chunks_total == 8
    assert run.counts["added"] == 50


def test_names_are_stored_in_nfc_with_their_variation_sequences(import_feed):
    name, variant = "か\u3099 ハ\u309a子", "葛\U000e0102城 髙﨑𠮷"
    rows = [{"name": name}, {"atena_no": "102", "name": variant, "address": "川崎市シ\u3099"}]
    import_feed("residents", [*rows, {"atena_no": "103", "name": "\ufa19谷 \ufa46"}])

    assert ResidentRecord.objects.get(atena_no="101").name == "が パ子"
    old = ResidentRecord.objects.get(atena_no="103")
    assert (old.name, old.name_key) == ("神\ufe00谷 渚\ufe00", search_key("神谷渚"))
    other = ResidentRecord.objects.get(atena_no="102")
    assert (other.name, other.address) == (variant, "川崎市ジ")


def test_a_character_that_no_font_has_is_told_with_person_and_code_point(import_feed):
    run, done = import_feed(
        "residents",
        [{"name": "髙\U0002ffff 花子"}, {"atena_no": "102", "name": "葛\U000e01ef 太郎"}, {"atena_no": "103"}],
    )

    assert done
    found = RunProblem.objects.using("subsidy").filter(run=run, code="unprintable").order_by("value")
    assert [(p.value, p.severity, p.field, p.line) for p in found] == [
        ("101", "warning", "氏名(宛名番号)", 2),
        ("102", "warning", "氏名(宛名番号)", 3),
    ]
    assert "U+2FFFF は 〓 と印字します" in found[0].message
    assert "U+845B U+E01EF は基本の字形で印字します" in found[1].message
    assert ResidentRecord.objects.get(atena_no="101").name == "髙\U0002ffff 花子"  # stored as it came
