"""Contradictions between statements, and sums that do not add up."""

from asking import asked

from service.api.answer_text import note_lines

TOTAL = (
    "Im Jahr 2024 wurden in allen Gemeinden der Region insgesamt {} große und offene Dialoge "
    "mit vielen Bürgern, Bauern, Händlern und Fischern geführt."
)
CONFLICTING = {"a.md": TOTAL.format(12), "b.md": TOTAL.format(15)}
COUNT = "Wie viele Dialoge wurden 2024 in den Gemeinden geführt?"


def test_documents_that_differ_on_a_figure_are_noted_with_both_places() -> None:
    with asked(CONFLICTING) as engine:
        answer = engine.ask(COUNT, max_citations=1)
    (conflict,) = answer.conflicts
    assert {(place.document.document_id, place.text) for place in conflict.spans} == {
        ("a.md", "12"),
        ("b.md", "15"),
    }
    for place in conflict.spans:
        assert place.document.text[place.start : place.end] == place.text
    (note,) = note_lines(answer)
    assert "12" in note and "a.md" in note and "15" in note and "b.md" in note


def test_the_same_figure_twice_is_no_conflict() -> None:
    with asked({name: text.replace("15", "12") for name, text in CONFLICTING.items()}) as engine:
        assert engine.ask(COUNT).conflicts == ()


def test_reports_of_different_provinces_count_different_things() -> None:
    places = {"a.md": "Hà Giang", "b.md": "Nghệ An"}
    documents = {name: f"---\nplace: {places[name]}\n---\n{text}" for name, text in CONFLICTING.items()}
    with asked(documents) as engine:
        answer = engine.ask(COUNT)
    assert (answer.status, answer.conflicts) == ("answered", ())


def test_a_sum_that_its_parts_do_not_make_is_noted_with_their_places() -> None:
    text = "Die Provinz führte 1.088 Dialoge, davon 5 oben, 128 in den Kreisen und 960 in den Gemeinden."
    with asked({"a.md": text}) as engine:
        answer = engine.ask("Wie viele Dialoge führte die Provinz?")
    (conflict,) = answer.conflicts
    assert conflict.sum == 1093
    assert [text[place.start : place.end] for place in conflict.spans] == ["1.088", "5", "128", "960"]
    assert {place.citation for place in conflict.spans} == {1}
