"""Counts in sentences, sums that do not add up, and figures that differ on one thing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.text.languages import Language
from service.answering.quantities import differing_quantities, find_quantities, wrong_sum


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Es gab 1.088 Dialoge.", [1088]),
        ("There were 1,088 dialogues.", [1088]),
        ("Fünf Dialoge und zwölf Sitzungen.", [5, 12]),
        ("Three dialogues in 3.5 hours.", [3, 3.5]),
        ("Có năm cuộc và ba đợt.", [5, 3]),
        ("1,2 Milliarden Dong, davon 800 Millionen.", [1.2e9, 8e8]),
    ],
)
def test_counts_are_read_in_digits_and_words(text: str, values: list[float]) -> None:
    assert [figure.value for figure in find_quantities(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    "text",
    [
        "Im Jahr 2024 begann es.",
        "Am 25. März war die Sitzung.",
        "Am 25.03.2024 war die Sitzung.",
        "On 25 March and April 3 they met.",
        "Hội nghị ngày 25 tháng 3 năm 2024.",
        "Trong năm nay và hàng năm.",
        "Hội nghị diễn ra vào thứ năm.",
        "98 % stimmten zu, dann 99,5 Prozent.",
        "Nr. 25 wird umgesetzt.",
        "Die Resolution 18 wird umgesetzt.",
        "Nghị quyết số 57-NQ/TW được ban hành.",
        "Eine Sitzung fand statt.",
    ],
)
def test_years_dates_percentages_and_references_are_no_quantities(text: str) -> None:
    assert find_quantities(text) == []


def test_a_figure_stands_where_it_says() -> None:
    text = "Es gab 1.088 Dialoge und fünf Sitzungen."
    assert (
        [text[f.start : f.end] for f in find_quantities(text)]
        == [f.text for f in find_quantities(text)]
        == ["1.088", "fünf"]
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Es gab 1.088 Dialoge, davon 5 in der Provinz, 128 im Kreis und 960 in der Gemeinde.",
        "Es gab 1.088 Dialoge; davon fünf in der Provinz, 128 im Kreis und 960 in der Gemeinde.",
        "There were 1,088 dialogues, of which 5 in the province, 128 in districts and 960 in communes.",
        "Đã tổ chức 1.088 cuộc đối thoại, trong đó 5 cuộc cấp tỉnh, 128 cuộc cấp huyện và 960 cuộc cấp xã.",
        "In 12 Kreisen gab es 1.088 Dialoge, davon 5 oben, 128 in der Mitte und 960 unten.",
        "1.088 Dialoge in 12 Kreisen, davon 5 oben, 128 in der Mitte und 960 unten.",
    ],
)
def test_parts_that_do_not_add_up_are_found(sentence: str) -> None:
    wrong = wrong_sum(sentence)
    assert wrong is not None
    assert (wrong.total.value, wrong.sum) == (1088, 1093)
    assert [part.value for part in wrong.parts] == [5, 128, 960]


@pytest.mark.parametrize(
    "sentence",
    [
        "Es gab 1.093 Dialoge, davon 5 in der Provinz, 128 im Kreis und 960 in der Gemeinde.",
        "1.093 Dialoge in 12 Kreisen, davon 5 oben, 128 in der Mitte und 960 unten.",
        "10,3 Milliarden Dong, davon 5,1 Milliarden und 5,2 Milliarden.",
        "1,2 Milliarden Dong, davon 800 Millionen und 400 Millionen.",
        "Đã có 10 cuộc, trong đó năm cuộc cấp tỉnh và năm cuộc cấp xã.",
    ],
)
def test_parts_that_add_up_are_no_conflict(sentence: str) -> None:
    assert wrong_sum(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Es gab 1.088 Dialoge, davon 5 in der Provinz und 128 im Kreis.",
        "Es gab 1.088 Dialoge, davon 960 in der Gemeinde.",
        "Es gab 1.088 Dialoge und 5 Sitzungen, 128 Briefe und 960 Anrufe.",
        "Es gab 8 Dialoge. Davon unabhängig waren 5 Sitzungen und 9 Briefe.",
    ],
)
def test_what_lists_only_some_parts_or_none_is_no_conflict(sentence: str) -> None:
    assert wrong_sum(sentence) is None


def pairs(*texts: str, language: Language = "de") -> list[tuple[str, str]]:
    return [(a.text, b.text) for _, a, _, b in differing_quantities(texts, [language] * len(texts))]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("In der Provinz gab es 12 Dialoge.", "In der Provinz gab es 15 Dialoge.", [("12", "15")]),
        (
            "In der Provinz gab es 1.088 Dialoge.",
            "In der Provinz gab es 1.093 Dialoge.",
            [("1.088", "1.093")],
        ),
        ("In der Provinz gab es 12 Dialoge.", "In der Provinz gab es zwölf Dialoge.", []),
        ("In der Provinz gab es 12 Dialoge.", "Im Norden stehen 15 Brücken.", []),
        (
            "Die Gemeinden der Provinz hielten 2023 zwölf große Dialoge.",
            "Die Gemeinden der Provinz hielten 2024 zehn große Dialoge.",
            [],
        ),
        ("Die Resolution 18 wird umgesetzt.", "Die Resolution 19 wird umgesetzt.", []),
    ],
)
def test_figures_differ_only_on_one_thing(one: str, other: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(one, other) == expected


PIECES = st.one_of(
    st.text(max_size=10),
    st.sampled_from(
        [
            "ſechs",
            "NİNE",
            "٣٤",
            "1.088",
            "12\u00a0345",
            ", davon ",
            "; trong đó ",
            "năm",
            "3,5",
            "²",
            "9" * 400,
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_figures_of_any_text_stand_in_it(text: str) -> None:
    assert all(text[figure.start : figure.end] == figure.text for figure in find_quantities(text))
    wrong = wrong_sum(text)
    assert wrong is None or wrong.sum != wrong.total.value
    assert pairs(text, text) == []
