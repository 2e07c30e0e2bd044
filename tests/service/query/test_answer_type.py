"""What kind of thing a question asks for, and which sentences give it."""

import pytest

from service.query.answer_type import asks_for_number, contains_number, matches_answer_type


@pytest.mark.parametrize(
    "question",
    [
        "Wie viele Dialoge wurden geführt?",
        "Wieviel kostet die Brücke?",
        "Wie hoch ist der Anteil?",
        "How many dialogues were held?",
        "What percentage of households has internet?",
        "Có bao nhiêu cuộc đối thoại?",
        "Co bao nhieu cuoc doi thoai?",
    ],
)
def test_questions_for_a_number_are_recognised_in_three_languages(question: str) -> None:
    assert asks_for_number(question)


@pytest.mark.parametrize(
    "question", ["Wer leitete die Sitzung?", "What was decided?", "Ai chủ trì hội nghị?"]
)
def test_other_questions_ask_for_no_number(question: str) -> None:
    assert not asks_for_number(question)


@pytest.mark.parametrize(
    "sentence",
    [
        "Es wurden 1.088 Dialoge geführt.",
        "Das Parteikomitee tagt jedes Quartal.",
        "Two dialogues were held.",
        "Đã tổ chức ba cuộc đối thoại.",
    ],
)
def test_a_number_is_given_in_digits_words_or_as_a_frequency(sentence: str) -> None:
    assert contains_number("Wie viele?", sentence)


def test_an_article_is_no_number() -> None:
    assert not contains_number("Wie viele?", "Die Gruppe setzte sich aus einer Reihe von Leitern zusammen.")


@pytest.mark.parametrize(
    "question", ["Wann war die Anzahl der Angriffe am höchsten?", "Ông học xong vào năm bao nhiêu?"]
)
def test_a_question_for_a_date_asks_for_no_number(question: str) -> None:
    assert not asks_for_number(question)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Wie lange dauert das?", "Das dauert mehrere Jahre."),
        ("How often was he asked?", "He was asked several times."),
        ("Mất bao lâu?", "Việc đó mất nhiều năm."),
    ],
)
def test_durations_and_frequencies_may_be_given_without_a_figure(question: str, sentence: str) -> None:
    assert contains_number(question, sentence)


def test_a_word_for_several_things_is_no_number() -> None:
    assert not contains_number("Wie viele Gemeinden?", "Das gilt in mehreren Gemeinden.")


@pytest.mark.parametrize("sentence", ["Nicht jeder besitzt ein Gerät.", "Not every household has one."])
def test_that_some_do_not_is_no_number(sentence: str) -> None:
    assert not contains_number("Wie viele?", sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Die Resolution Nr. 57-NQ/TW wird umgesetzt.", "Resolution 18 is read.", "Nghị quyết 25 được đọc."],
)
def test_the_number_of_a_reference_is_no_number(sentence: str) -> None:
    assert not contains_number("Wie viele?", sentence)
    assert contains_number("Wie viele?", f"{sentence[:-1]} 12 mal.")


@pytest.mark.parametrize(
    ("question", "given", "other"),
    [
        ("Wie viele Milliarden Dong kostet das?", "Das kostet 3 Milliarden Dong.", "Das dauert 3 Jahre."),
        ("How much did it cost?", "It took $ 5 from the fund.", "It took 5 weeks."),
        ("Dự án tốn bao nhiêu tỷ đồng?", "Dự án tốn 30 tỷ đồng.", "Dự án có 30 công nhân."),
        ("Wie viel Prozent stimmten zu?", "98 % stimmten zu.", "98 Kader stimmten zu."),
        ("How many tonnes of rice?", "7 tonnes were harvested.", "7 villages harvested."),
        ("Bao nhiêu héc ta rừng?", "Có 40 ha rừng.", "Có 40 khu rừng."),
        ("Wie oft tagt es?", "Es tagt jedes Quartal.", "Am 15. August tagten 30 Kader."),
        ("How often is it elected?", "Es wird alle fünf Jahre gewählt.", "Es hat 5 Ausschüsse."),
        ("How many times was it flown?", "Es flog 28-mal.", "Es flog 28 km weit."),
        ("Giao ban bao lâu một lần?", "Giao ban mỗi quý hai lần.", "Giao ban ngày 15/8 có 30 người."),
        ("Wie viele Kilometer Straße?", "12 km sind fertig.", "12 Brücken sind fertig."),
    ],
)
def test_only_a_figure_in_the_unit_asked_for_is_given(question: str, given: str, other: str) -> None:
    assert contains_number(question, given)
    assert not contains_number(question, other)


@pytest.mark.parametrize(
    "question",
    [
        "Wie viele Dialoge gab es in Ha Giang?",
        "How many dialogues were held in Lam Dong?",
        "Có bao nhiêu đồng chí tham dự?",
        "Hội đồng có bao nhiêu người?",
        "Tỷ lệ hài lòng là bao nhiêu?",
    ],
)
def test_a_word_that_only_looks_like_a_unit_is_none(question: str) -> None:
    assert contains_number(question, "In 5 Gemeinden, 12 người.")


@pytest.mark.parametrize(
    ("question", "fitting", "other"),
    [
        ("Wann fand die Sitzung statt?", "Sie fand am 25. März statt.", "Sie fand im Rathaus statt."),
        ("When was it held?", "It was held in May.", "It was held outdoors."),
        ("Hội nghị diễn ra khi nào?", "Hội nghị diễn ra ngày mai.", "Hội nghị rất đông."),
        ("Wer leitete die Sitzung?", "Genosse Nguyễn Văn An leitete sie.", "Sie wurde gut geleitet."),
        ("Who chaired it?", "Trần Thị Mai chaired it.", "It was chaired well."),
        ("Ai chủ trì?", "Đồng chí Lê Văn Bình chủ trì.", "Tỉnh ủy chủ trì."),
    ],
)
def test_a_date_answers_when_and_a_person_answers_who(question: str, fitting: str, other: str) -> None:
    assert matches_answer_type(question, fitting)
    assert not matches_answer_type(question, other)
