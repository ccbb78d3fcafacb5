import polars as pl

from tasuke.systems.subsidy.registry.sequence import refused_numbers, sequence_gaps

FILE = """連番,宛名番号
1,101
2,xx
3,103
x,104
5,105,
9,109
""".encode("utf-8-sig")


def frame(*numbers):
    """Rows that were read: (line, seq)."""
    return pl.DataFrame(numbers, schema={"line": pl.Int64, "seq": pl.Int64}, orient="row")


def messages(problems):
    return [p.message.partition("。")[0] for p in problems]


def test_sequence_gaps_names_twenty_and_counts_the_rest():
    problems = sequence_gaps(frame(*((n, n) for n in range(1, 60, 2))), refused={})

    assert len(problems) == 21
    assert problems[-1].message == "連番の飛びがほかに9か所あります。"


def test_refused_numbers_are_read_from_their_lines_and_none_where_they_cannot_be():
    assert refused_numbers(FILE, [3, 5, 6, 99]) == {3: 2, 5: None, 6: None, 99: None}
    assert refused_numbers(b"\xff\n1,2\n", [2]) == {2: None}
    assert refused_numbers(FILE, []) == {}


def test_a_refused_row_is_no_gap_and_only_what_is_missing_is_told():
    read = frame((2, 1), (4, 3), (7, 9))
    refused = refused_numbers(FILE, [3, 5, 6])  # 2, and two rows whose numbers nobody can read

    assert messages(sequence_gaps(read, refused=refused)) == ["連番が飛んでいます(4から8まで)"]
    assert sequence_gaps(frame((2, 1), (4, 3), (7, 6)), refused=refused) == []
    assert messages(sequence_gaps(read, refused={})) == [
        "連番が飛んでいます(2から2まで)",
        "連番が飛んでいます(4から8まで)",
    ]


def test_a_wrong_number_of_a_refused_row_makes_no_gap():
    assert sequence_gaps(frame((2, 1), (3, 2)), refused={4: 90_000_000}) == []


def test_rows_in_another_order_are_compared_by_number():
    assert sequence_gaps(frame((2, 3), (4, 1)), refused={3: 2}) == []
    assert messages(sequence_gaps(frame((2, 3), (4, 1)), refused={3: None})) == ["連番が飛んでいます(2から2まで)"]
