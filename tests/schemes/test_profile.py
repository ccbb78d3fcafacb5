"""A profile that a city writes: every fault at once, each with its key and Japanese words."""

from importlib.resources import files

from tasuke.schemes.profile import parse_profile

GOOD = (files("tasuke.deploy.profiles") / "kawasaki.toml").read_text(encoding="utf-8")


def test_every_fault_of_a_profile_is_told_in_words():
    text = GOOD.replace("municipality_code", "municipality_cod", 1).replace("digits = ", 'digits = "x" # ', 1)
    profile, problems = parse_profile(text.encode(), file="p.toml")
    assert profile is None
    assert {p.field: p.message for p in problems} == {
        "municipality_code": "必須の項目がありません",
        "municipality_cod": "この項目は書けません(つづりの誤りか、別の表の項目です)",
        "numbering.0.digits": "整数で書きます",
    }


def test_a_profile_that_is_no_toml_is_one_problem():
    profile, [problem] = parse_profile(b"a = [\n", file="p.toml")
    assert profile is None
    assert problem.message.startswith("TOML として読めません")
