from tasuke.systems.subsidy.count_words import WORDS, in_words


def test_counters_that_share_a_word_are_added_up():
    assert in_words({"pending": 2, "held": 3, "交付": 1}) == {"保留": 5, "交付": 1}


def test_every_word_is_japanese():
    assert [w for w in WORDS.values() if w.isascii()] == []
