"""What a question asks without its province and date, and the documents that fit them."""

import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from indexer.build.pipeline import build
from indexer.index.generation import open_generation
from indexer.text.languages import Language
from service.query.rewriting import rewrite_without_context
from service.query.understanding import understand
from service.retrieval.context_match import QuestionContext
from service.retrieval.corpus_lookup import CorpusLookup


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("Who chaired the Nghe An meeting in April 2024?", "Who chaired the meeting?"),
        ("Who chaired the meeting in Nghệ An?", "Who chaired the meeting?"),
        ("How many dialogues were held in Ha Giang province in 2024?", "How many dialogues were held?"),
        ("How many dialogues were held in the province of Ha Giang?", "How many dialogues were held?"),
        ("How many dialogues were held in Ha Giang City?", "How many dialogues were held?"),
        ("What did Ha Giang achieve?", "What did the province achieve?"),
        ("What did Ha Giang province achieve?", "What did the province achieve?"),
        ("What did the province of Ha Giang achieve?", "What did the province achieve?"),
        ("What did the people of the province of Ha Giang achieve?", "What did the people achieve?"),
        ("Which city of Ha Giang is the largest?", "Which city is the largest?"),
        ("What are Ha Giang's results?", "What are the province's results?"),
        ("What are Ha Giang province’s results?", "What are the province's results?"),
        ("What are the results of Ha Giang's work?", "What are the results of the province's work?"),
        ("What led to Ha Giang's success?", "What led to the province's success?"),
        ("What was Ha Giang's 2024 budget?", "What was the province's budget?"),
        ("Who led Ha Giang Party Committee in 2024?", "Who led the Party Committee?"),
        ("Who led the Ha Giang Party Committee?", "Who led the Party Committee?"),
        ("According to Ha Giang, who spoke?", "Who spoke?"),
        ("In Ha Giang, who chaired the meeting?", "Who chaired the meeting?"),
        ("What did they ask for in Ha Giang?", "What did they ask for?"),
        ("Ha Giang: who chaired the meeting?", "Who chaired the meeting?"),
        ("Who chaired the meeting (Ha Giang, 2024)?", "Who chaired the meeting?"),
        ("Did Ha Giang – a poor province – hold a dialogue?",
         "Did the province – a poor province – hold a dialogue?"),
    ],
)  # fmt: skip
def test_an_english_question_without_its_province(question: str, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, "en")) == rewritten


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("What happened in the first quarter of 2024 in Nghe An?", "What happened?"),
        ("What happened on April 25, 2024?", "What happened?"),
        ("What happened on the 25th of April 2024?", "What happened?"),
        ("What happened by the end of the year 2024?", "What happened?"),
        ("What happened since early 2024 in Ca Mau?", "What happened?"),
        ("What happened between 2020 and 2024?", "What happened?"),
        ("What happened from 2020 to 2024?", "What happened?"),
        ("In 2024, who chaired the meeting?", "Who chaired the meeting?"),
        ("Who, in 2024, chaired the meeting?", "Who chaired the meeting?"),
        ("When did the project start in 2024?", "When did the project start?"),
        ("Who chaired the April 2024 meeting?", "Who chaired the meeting?"),
        ("What was agreed in the 2024 budget?", "What was agreed in the budget?"),
        ("What do they ask for in 2024?", "What do they ask for?"),
        ("What does Resolution 57/2024/QH15 ask for in 2024?", "What does Resolution 57/2024/QH15 ask for?"),
    ],
)
def test_an_english_question_without_its_date(question: str, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, "en")) == rewritten


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("Wer leitete in Nghe An die Sitzung zum ersten Quartal 2024?", "Wer leitete die Sitzung?"),
        ("Wer leitete die Sitzung in der Provinz Nghe An im April 2024?", "Wer leitete die Sitzung?"),
        ("Wer leitete die Sitzung der Provinz Nghe An?", "Wer leitete die Sitzung der Provinz?"),
        ("Was berichtete Ha Giang?", "Was berichtete die Provinz?"),
        ("Was berichtete die Provinz Ha Giang?", "Was berichtete die Provinz?"),
        ("Was berichtete die Stadt Hanoi?", "Was berichtete die Stadt?"),
        ("Was berichtete Ho-Chi-Minh-Stadt?", "Was berichtete die Stadt?"),
        ("Was geschah in der Ha-Giang-Provinz?", "Was geschah?"),
        ("Was beschloss das Ha-Giang-Parteikomitee?", "Was beschloss das Parteikomitee?"),
        ("Was tat die in Ha Giang gegründete Gruppe?", "Was tat die gegründete Gruppe?"),
        ("Was wurde mit Ha Giang vereinbart?", "Was wurde vereinbart?"),
        ("In Ha Giang, wer leitete die Sitzung?", "Wer leitete die Sitzung?"),
        ("Laut Ha Giang, wie viele Dialoge gab es?", "Wie viele Dialoge gab es?"),
    ],
)
def test_a_german_question_without_its_province(question: str, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, "de")) == rewritten


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("Was geschah 2024 in Ca Mau?", "Was geschah?"),
        ("Was geschah im Jahr 2024?", "Was geschah?"),
        ("Was geschah im Laufe des Jahres 2024?", "Was geschah?"),
        ("Was geschah am 25. April 2024?", "Was geschah?"),
        ("Was geschah vom 1. Januar 2024 bis zum 3. März 2024?", "Was geschah?"),
        ("Was geschah vom 17.03.2025-20.03.2025?", "Was geschah?"),
        ("Wie hoch war das Wachstum Ende 2024?", "Wie hoch war das Wachstum?"),
        ("Was sind die Ergebnisse des ersten Quartals 2024?", "Was sind die Ergebnisse?"),
        ("Was tat die im April 2024 gegründete Gruppe?", "Was tat die gegründete Gruppe?"),
        ("Welche Gruppen gibt es, die 2024 gegründet wurden?",
         "Welche Gruppen gibt es, die gegründet wurden?"),
        ("Wer zählte 2024.500 Haushalte im Jahr 2024?", "Wer zählte 2024.500 Haushalte?"),
    ],
)  # fmt: skip
def test_a_german_question_without_its_date(question: str, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, "de")) == rewritten


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("Ai chủ trì cuộc họp ở tỉnh Nghệ An tháng 4 năm 2024?", "Ai chủ trì cuộc họp?"),
        ("Ai chủ trì cuộc họp quý I năm 2024 ở Nghệ An?", "Ai chủ trì cuộc họp?"),
        ("Tại Hà Giang, ai chủ trì cuộc họp?", "Ai chủ trì cuộc họp?"),
        ("Nghệ An đã thực hiện nhiệm vụ gì trong năm 2024?", "Tỉnh đã thực hiện nhiệm vụ gì?"),
        ("Tỉnh Nghệ An thực hiện nhiệm vụ gì?", "Tỉnh thực hiện nhiệm vụ gì?"),
        ("Thành phố Hà Nội thực hiện nhiệm vụ gì?", "Thành phố thực hiện nhiệm vụ gì?"),
        ("Có bao nhiêu cuộc đối thoại ở TP. Hồ Chí Minh?", "Có bao nhiêu cuộc đối thoại?"),
        ("Có bao nhiêu cuộc họp trên địa bàn tỉnh Hà Giang?", "Có bao nhiêu cuộc họp?"),
        ("Kết quả của tỉnh Hà Giang là gì?", "Kết quả là gì?"),
        ("Hội nghị của Tỉnh ủy Hà Giang vào ngày 25 tháng 4 năm 2024 do ai chủ trì?",
         "Hội nghị của Tỉnh ủy do ai chủ trì?"),
        ("Trong 6 tháng đầu năm 2024 có bao nhiêu cuộc họp?", "Có bao nhiêu cuộc họp?"),
        ("Từ đầu năm 2023 đến cuối năm 2024 có bao nhiêu cuộc họp?", "Có bao nhiêu cuộc họp?"),
    ],
)  # fmt: skip
def test_a_vietnamese_question_is_rewritten_without_its_context(question: str, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, "vi")) == rewritten


@pytest.mark.parametrize(
    ("question", "language", "rewritten"),
    [
        ("Who spoke in Ha Giang and Ca Mau?", "en", "Who spoke?"),
        ("Who spoke in Ha Giang in April 2024 and in Ca Mau in May 2024?", "en", "Who spoke?"),
        ("What did Ha Giang, Ca Mau and Nghe An report?", "en", "What did the provinces report?"),
        ("What did Ha Giang and Ca Mau provinces report?", "en", "What did the provinces report?"),
        ("In Ha Giang und Ca Mau: wie viele Dialoge gab es?", "de", "Wie viele Dialoge gab es?"),
        ("Was berichten Ha Giang und Ca Mau?", "de", "Was berichten die Provinzen?"),
        ("Was berichten die Provinzen Ha Giang und Ca Mau?", "de", "Was berichten die Provinzen?"),
        ("Was geschah in den Provinzen Ha Giang und Ca Mau?", "de", "Was geschah?"),
        ("Ở Hà Giang và Cà Mau có bao nhiêu cuộc họp?", "vi", "Có bao nhiêu cuộc họp?"),
        ("Hà Giang và Cà Mau có bao nhiêu cuộc họp?", "vi", "Các tỉnh có bao nhiêu cuộc họp?"),
    ],
)
def test_a_question_without_its_two_provinces(question: str, language: Language, rewritten: str) -> None:
    assert rewrite_without_context(understand(question, language)) == rewritten


@pytest.mark.parametrize(
    "question",
    [
        "What shortcomings were found on Resolution 57?",
        "Wer malte die  Mona Lisa ?",
        "Ai chủ trì cuộc họp?",
        "Who is Ho Chi Minh?",
        "Where does Nguyen Thi Hue work?",
        "",
    ],
)
def test_a_question_without_context_is_not_rewritten(question: str) -> None:
    assert rewrite_without_context(understand(question)) == question


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Ha Giang", "de"),
        ("2024?", "de"),
        ("Was war 2024 in Ha Giang?", "de"),
        ("What about Ha Giang province in 2024?", "en"),
        ("Ai đã đến Hà Giang?", "vi"),
    ],
)
def test_a_question_that_asks_nothing_without_its_context_is_not_rewritten(
    question: str, language: Language
) -> None:
    assert rewrite_without_context(understand(question, language)) == question


@pytest.mark.parametrize(
    ("question", "language", "rewritten"),
    [
        ("In Ha Giang, who spoke?", "en", "Who spoke?"),
        ("in Ha Giang, who spoke?", "en", "who spoke?"),
        ("IN HA GIANG, WHO SPOKE?", "en", "WHO SPOKE?"),
        ("Hà Giang có bao nhiêu cuộc họp?", "vi", "Tỉnh có bao nhiêu cuộc họp?"),
    ],
)
def test_a_rewritten_question_begins_with_a_capital_if_the_question_does(
    question: str, language: Language, rewritten: str
) -> None:
    assert rewrite_without_context(understand(question, language)) == rewritten


def test_letters_with_combining_marks_are_read_like_others() -> None:
    question = unicodedata.normalize("NFD", "Ai chủ trì cuộc họp ở tỉnh Nghệ An?")
    assert rewrite_without_context(understand(question, "vi")) == "Ai chủ trì cuộc họp?"


@pytest.mark.parametrize(
    "words", ["year of ", "of the ", ", ", "6 tháng đầu ", "Ha Giang, ", "2024 and ", "( "]
)
@pytest.mark.parametrize("language", ["de", "en", "vi"])
def test_a_long_question_takes_no_time(words: str, language: Language) -> None:
    question = understand((words * 2000)[:1900] + "who spoke in Ha Giang in 2024?", language)
    begun = time.perf_counter()
    rewrite_without_context(question)
    assert time.perf_counter() - begun < 2


DOCUMENTS = {
    "ca-mau": "---\nplace: Cà Mau\ndate: 2024-04-30\n---\nDie Ernte war gut.",
    "ha-giang": "---\nplace: Hà Giang\ndate: 2025-03-17\n---\nDie Ernte war gut.",
    "nowhere": "---\ndate: 2024-05-20\n---\nDie Ernte war gut.",
    "tuyen-quang": "---\nplace: Tuyên Quang\ndate: 2025-08-01\n---\nDie Ernte war gut.",
    "undated": "---\nplace: Cà Mau\n---\nDie Ernte war gut.",
}


@pytest.fixture(scope="module")
def lookup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CorpusLookup]:
    folder = tmp_path_factory.mktemp("setting")
    (folder / "source").mkdir()
    for name, text in DOCUMENTS.items():
        (folder / "source" / f"{name}.md").write_text(text, "utf-8")
    yield lookup_of(folder / "source")


def lookup_of(source: Path) -> CorpusLookup:
    build([source], source.parent / "index", FakeEmbedder())
    generation = open_generation(source.parent / "index")
    try:
        return CorpusLookup.build(generation)
    finally:
        generation.close()


def fitting(question: str, lookup: CorpusLookup) -> set[str]:
    context = QuestionContext.match(understand(question), lookup)
    assert context is not None
    numbers = {number: name.removesuffix(".md") for name, number in lookup.document_ids.items()}
    return {numbers[number] for number in np.flatnonzero(context.documents).tolist()}


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("Wie war die Ernte in Ca Mau?", {"ca-mau", "undated"}),
        ("Wie war die Ernte in Hà Giang?", {"ha-giang", "tuyen-quang"}),
        ("Wie war die Ernte in Tuyen Quang?", {"ha-giang", "tuyen-quang"}),
        ("Wie war die Ernte in Ha Giang und Ca Mau?", {"ha-giang", "tuyen-quang", "ca-mau", "undated"}),
        ("Wie war die Ernte in Ha Giang 2024 und 2025?", {"ha-giang", "tuyen-quang"}),
        ("Wie war die Ernte in Ca Mau im Jahr 2024?", {"ca-mau"}),
        ("Wie war die Ernte in Ha Giang im Juni 2025?", {"tuyen-quang"}),
    ],
)
def test_documents_that_fit_the_province_and_period(
    lookup: CorpusLookup, question: str, documents: set[str]
) -> None:
    assert fitting(question, lookup) == documents


@pytest.mark.parametrize(
    ("period", "fits"),
    [
        ("am 30. April 2024", True),
        ("am 1. Mai 2024", False),
        ("im April 2024", True),
        ("am 1. Januar 2024", True),
        ("am 31. Dezember 2023", False),
    ],
)
def test_a_document_fits_from_the_first_day_of_a_period_to_120_days_after_the_last(
    lookup: CorpusLookup, period: str, fits: bool
) -> None:
    context = QuestionContext.match(understand(f"Wie war die Ernte {period} in Ca Mau?", "de"), lookup)
    assert (context is not None and bool(context.documents[0])) is fits


@pytest.mark.parametrize(
    "question",
    [
        "Wie war die Ernte in Nghe An?",
        "Wie war die Ernte im April 2024?",
        "Wie war die Ernte in Ca Mau 2019?",
        "Wie war die Ernte in Ca Mau am 31.12.9999?",
        "Wie war die Ernte in Ha Giang im April 2024?",
    ],
)
def test_a_context_that_no_document_fits_is_none(lookup: CorpusLookup, question: str) -> None:
    assert QuestionContext.match(understand(question), lookup) is None


def test_a_question_that_names_no_province_and_no_date_has_no_context(lookup: CorpusLookup) -> None:
    assert QuestionContext.match(understand("Wie war die Ernte laut Resolution 57?"), lookup) is None


def test_a_context_has_the_question_without_it(lookup: CorpusLookup) -> None:
    context = QuestionContext.match(understand("Wie war die Ernte in Ca Mau?"), lookup)
    assert context is not None
    assert context.rewritten == "Wie war die Ernte?"
