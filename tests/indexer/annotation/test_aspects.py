import pytest

from indexer.annotation.aspects import last_named_aspects, named_aspects


@pytest.mark.parametrize(
    ("words", "named", "last"),
    [
        ("Aufgaben und Lösungen", {"tasks", "solutions"}, {"tasks", "solutions"}),
        (
            "results, tasks and solutions",
            {"results", "tasks", "solutions"},
            {"results", "tasks", "solutions"},
        ),
        ("Nguyên nhân và giải pháp", {"causes", "solutions"}, {"causes", "solutions"}),
        ("Neben den Ergebnissen nannte er die Mängel", {"results", "shortcomings"}, {"shortcomings"}),
        ("Ursachen der Mängel", {"causes", "shortcomings"}, {"shortcomings"}),
        ("Mängel und Schwierigkeiten", {"shortcomings"}, {"shortcomings"}),
        ("Der Fluss", set(), set()),
        ("", set(), set()),
    ],
)
def test_the_last_named_aspects_are_those_of_one_list(words: str, named: set[str], last: set[str]) -> None:
    assert (named_aspects(words), last_named_aspects(words)) == (named, last)
