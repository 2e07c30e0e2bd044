"""What is read out of a question."""

import unicodedata

import pytest

from service.query.intent import is_domain_question, is_list_question
from service.query.rewriting import rewrite_without_context
from service.query.understanding import understand


@pytest.mark.parametrize(
    ("text", "language", "keys", "aspect"),
    [
        ("what shortcomings were found on Resolution 57", "en", ("NQ-57",), "shortcomings"),
        ("Welche Mängel gab es bei der Resolution Nr. 57-NQ/TW?", "de", ("NQ-57",), "shortcomings"),
        ("Nghị quyết 57 có những hạn chế gì?", "vi", ("NQ-57",), "shortcomings"),
        ("Wer nahm an der Sitzung zur Schlussfolgerung 43 teil?", "de", ("KL-43",), "participants"),
        ("What results did Directive 35 and Resolution 18 achieve?", "en", ("CT-35", "NQ-18"), "results"),
        ("Warum braucht die digitale Transformation Zeit?", "de", (), "causes"),
        ("What does the resolution say?", "en", (), None),
        ("Wer malte die Mona Lisa?", "de", (), None),
    ],
)
def test_language_references_and_aspect_are_read(
    text: str, language: str, keys: tuple[str, ...], aspect: str | None
) -> None:
    question = understand(text)
    assert (question.language, question.keys, question.aspect) == (language, keys, aspect)


@pytest.mark.parametrize(
    "text",
    ["Wer leitete in Nghe An die Sitzung?", "Who chaired it in Nghệ An?", "Ai chủ trì ở tỉnh Nghệ An?"],
)
def test_a_province_is_read_with_and_without_diacritics(text: str) -> None:
    assert [mention.place for mention in understand(text).places] == ["Nghệ An"]


def test_a_stated_language_overrides_the_detected_one() -> None:
    assert understand("Resolution 57", "vi").language == "vi"


def test_a_date_is_read_in_decomposed_letters_too() -> None:
    question = unicodedata.normalize("NFD", "Wer leitete die Sitzung in Nghệ An am 25. März 2024?")
    understood = understand(question)
    assert [(period.first, period.last) for period in understood.dates] == [("2024-03-25", "2024-03-25")]
    assert rewrite_without_context(understood) == "Wer leitete die Sitzung?"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_province_is_no_person_however_its_marks_are_encoded(form: str) -> None:
    question = understand(unicodedata.normalize(form, "Wie viele Dialoge gab es in Hà Giang?"))
    assert [place.place for place in question.places] == ["Hà Giang"]
    assert question.persons == ()


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("Was sagte Nguyễn Văn An?", ("Nguyễn Văn An",)),
        ("What did Tran Thi Mai say?", ("Tran Thi Mai",)),
        ("Đồng chí Lê Văn Bình phát biểu gì?", ("Lê Văn Bình",)),
        ("Was geschah in Hà Giang?", ()),
        ("Was geschah in der Lam Dong Provinz?", ()),
        ("Was sagte Phạm Văn An in Hà Giang?", ("Phạm Văn An",)),
        ("Was tat die Đảng Cộng sản?", ()),
    ],
)
def test_persons_are_read_and_provinces_are_none(text: str, persons: tuple[str, ...]) -> None:
    assert understand(text).persons == persons


@pytest.mark.parametrize(
    ("text", "all_wanted"),
    [
        ("Welche Mängel gab es?", True),
        ("Mängel der Resolution 57", True),
        ("Was war der größte Mangel der Resolution 57?", True),
        ("Welches Problem gab es mit der Brücke?", False),
        ("Warum ist die Resolution 57 wichtig?", False),
        ("Wo fand die Feier statt?", False),
        ("Những hạn chế nào được nêu?", True),
        ("Which results were achieved?", True),
    ],
)
def test_a_question_for_an_aspect_in_the_plural_or_of_a_reference_asks_for_a_list(
    text: str, all_wanted: bool
) -> None:
    assert is_list_question(understand(text)) == all_wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Was tat das Parteikomitee?", True),
        ("Who led the party committee?", True),
        ("Đảng ủy đã làm gì?", True),
        ("Was geschah in Ha Giang?", True),
        ("Was steht in Richtlinie 35?", True),
        ("Was sagte Trần Thị Mai?", True),
        ("Wer malte die Mona Lisa?", False),
    ],
)
def test_questions_about_the_domain_are_recognised(text: str, expected: bool) -> None:
    assert is_domain_question(understand(text)) == expected
