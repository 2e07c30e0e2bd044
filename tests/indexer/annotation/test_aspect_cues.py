"""Aspects: what questions ask for, what sentences tell, what announces it, and how surely."""

import json
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder
from paths import ROOT

from indexer.annotation import aspect_classifier, discourse
from indexer.annotation.aspect_classifier import KINDS, Exemplars, probabilities, read_exemplars
from indexer.annotation.aspect_cues import STRONG, WEAK, aspect_cues
from indexer.annotation.aspects import ASPECTS, Aspect, last_named, named_aspects
from indexer.arrays import Strengths
from indexer.documents import RawDocument
from indexer.errors import IndexDamagedError
from indexer.preprocessing.chunking import split_document
from indexer.preprocessing.metadata import to_document
from service.query.aspect_intent import asked_aspect, asks_for_several

JUDGED = ROOT / "eval" / "questions" / "aspects.jsonl"


# Questions


@pytest.mark.parametrize(
    ("question", "aspect"),
    [
        ("Welche Mängel wurden bei der Resolution 57 festgestellt?", "shortcomings"),
        ("what shortcomings were found on Resolution 57", "shortcomings"),
        ("Nghị quyết 57 có những hạn chế nào?", "shortcomings"),
        ("nghi quyet 57 co nhung han che nao", "shortcomings"),
        ("Wo hapert es bei der Umsetzung?", "shortcomings"),
        ("What went wrong?", "shortcomings"),
        ("Warum kommt die Umsetzung kaum voran?", "causes"),
        ("Why is progress slow?", "causes"),
        ("Vì sao kết quả còn thấp?", "causes"),
        ("Was wurde mit Resolution 25 erreicht?", "results"),
        ("What progress has been made so far?", "results"),
        ("Nghị quyết 25 đạt được kết quả gì?", "results"),
        ("Welche Aufgaben bekamen die Ämter?", "tasks"),
        ("What is required of the provinces?", "tasks"),
        ("Các nhiệm vụ được giao là gì?", "tasks"),
        ("Welche Maßnahmen helfen dagegen?", "solutions"),
        ("What remedies are there?", "solutions"),
        ("Có giải pháp nào?", "solutions"),
        ("Was wurde der Zentrale vorgeschlagen?", "proposals"),
        ("What did the province ask for?", "proposals"),
        ("Tỉnh kiến nghị điều gì?", "proposals"),
        ("Wer nahm an der Sitzung teil?", "participants"),
        ("Who attended the meeting?", "participants"),
        ("Ai tham dự hội nghị?", "participants"),
        ("Welche Ziele verfolgt die Resolution?", "goals"),
        ("What is the purpose of the programme?", "goals"),
        ("Mục tiêu của nghị quyết là gì?", "goals"),
        ("Wozu dient das Programm?", "goals"),
    ],
)
def test_a_question_asks_for_an_aspect(question: str, aspect: Aspect) -> None:
    assert asked_aspect(question) == aspect


@pytest.mark.parametrize(
    "question", ["Wann war die Sitzung?", "Who is Le Minh Hung?", "Nghị quyết 57 là gì?", "", " \n"]
)
def test_a_question_may_ask_for_no_aspect(question: str) -> None:
    assert asked_aspect(question) is None


@pytest.mark.parametrize(
    ("question", "aspect"),
    [
        ("Welche Ursachen haben die Mängel?", "causes"),
        ("Welche Mängel haben welche Ursachen?", "shortcomings"),
        ("What solutions are there to the problems?", "solutions"),
    ],
)
def test_of_two_aspects_the_one_named_first_is_asked_for(question: str, aspect: Aspect) -> None:
    assert asked_aspect(question) == aspect


@pytest.mark.parametrize(
    "question",
    [
        "Welche Mängel gab es?",
        "  Welche \n  Mängel\tgab es?",
        "Was sind die wichtigsten Aufgaben?",
        "Mängel bei Resolution 57",
        "Was hat die Provinz erreicht?",
        "Wer war dabei?",
        "What are the main results?",
        "what shortcomings were found",
        "Which problems remain?",
        "Những hạn chế của Nghị quyết 57",
        "nhung han che cua nghi quyet 57",
        "Nhiệm vụ nào được giao?",
        "Kiến nghị những gì?",
    ],
)
def test_a_question_for_several_wants_all(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question",
    [
        "Welches Ergebnis hatte die Prüfung?",
        "Was ist der größte Mangel?",
        "Was ist das Ziel der Resolution?",
        "What is the main problem?",
        "What is the purpose of the programme?",
        "Hạn chế lớn nhất là gì?",
        "Wann war die Sitzung?",
        "",
    ],
)
def test_a_question_for_one_thing_does_not(question: str) -> None:
    assert not asks_for_several(question)


# Headings and lead-ins


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
    assert (named_aspects(words), last_named(words)) == (named, last)


# Sentences


@pytest.mark.parametrize(
    ("sentence", "aspect"),
    [
        ("Die Provinz hat zwei Ämter zusammengelegt.", "results"),
        ("Trotz der Schwierigkeiten gelang die Umstellung.", "results"),
        ("Den Behörden fehlen Fachkräfte.", "shortcomings"),
        ("Die Aufsicht ist weder regelmäßig noch streng.", "shortcomings"),
        ("Weil die Regeln neu sind, zögern die Ämter.", "causes"),
        ("Die Gemeinden müssen ihre Pläne überarbeiten.", "tasks"),
        ("Prüfen Sie die Bestände.", "tasks"),
        ("Als Lösung nennt der Bericht gemeinsame Kurse.", "solutions"),
        ("Um Mängel zu beheben, werden Fachleute ausgebildet.", "solutions"),
        ("Die Delegierten schlugen vor, die Frist zu verlängern.", "proposals"),
        ("An der Sitzung nahmen Vertreter der Bezirke teil.", "participants"),
        ("Ziel ist ein Wachstum von acht Prozent.", "goals"),
        ("The reform was completed in June.", "results"),
        ("The offices lack trained staff.", "shortcomings"),
        ("Because the rules are new, nobody knows them.", "causes"),
        ("Local authorities must report by June.", "tasks"),
        ("The committee recommended a new law.", "proposals"),
        ("Comrade Lan chaired the meeting.", "participants"),
        ("Tỉnh đã hoàn thành việc sắp xếp.", "results"),
        ("Việc triển khai còn chậm.", "shortcomings"),
        ("Nguyên nhân là nhận thức của cán bộ.", "causes"),
        ("Tỉnh đề nghị Trung ương hỗ trợ kinh phí.", "proposals"),
        ("Đồng chí Lan chủ trì hội nghị.", "participants"),
        ("Mục tiêu là tăng trưởng 8%.", "goals"),
    ],
)
def test_a_sentence_tells_an_aspect_plainly(sentence: str, aspect: Aspect) -> None:
    assert aspect_cues(sentence)[aspect] == STRONG


@pytest.mark.parametrize(
    "sentence",
    [
        "Trotz der Schwierigkeiten gelang die Umstellung.",
        "Um Mängel zu beheben, werden Fachleute ausgebildet.",
        "Es gibt keine Mängel.",
        "Die Probleme wurden gelöst.",
        "Zur Überwindung der Hindernisse trafen sich die Ämter.",
        "Die Beratung klärte dringende Probleme der Dörfer.",
        "Despite the difficulties the reform was completed.",
        "There were no problems.",
        "The team resolved the obstacles.",
        "Mặc dù gặp khó khăn, tỉnh đã hoàn thành kế hoạch.",
        "Tỉnh đã tháo gỡ các vướng mắc.",
        "Không có hạn chế nào.",
    ],
)
def test_a_lack_named_in_passing_is_no_shortcoming(sentence: str) -> None:
    assert "shortcomings" not in aspect_cues(sentence)


def test_what_has_improved_but_is_not_strong_is_a_shortcoming_before_it_is_a_result() -> None:
    found = aspect_cues("Die Bewegung hat sich verbessert, ist jedoch nicht stark.")
    assert (found["shortcomings"], found["results"]) == (STRONG, WEAK)


def test_without_a_contrast_both_are_told_plainly() -> None:
    found = aspect_cues("Die Bewegung hat sich verbessert und leidet unter Mängeln.")
    assert (found["shortcomings"], found["results"]) == (STRONG, STRONG)


@pytest.mark.parametrize("sentence", ["Das Gebäude steht am Ufer.", "The town lies in the north.", "", " \n"])
def test_a_sentence_may_tell_nothing(sentence: str) -> None:
    assert aspect_cues(sentence) == {}


def test_white_space_case_and_the_encoding_of_marks_do_not_matter() -> None:
    sentence = "Es  gibt\u00a0MÄNGEL; việc triển khai\n còn\tchậm."
    assert (
        aspect_cues(sentence)
        == aspect_cues(unicodedata.normalize("NFD", sentence))
        == {"shortcomings": STRONG}
    )


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "mangela",
        "wurden ",
        "ist zu ",
        "nahm ",
        "um ",
        "schlug ",
        "trotz ",
        "mangel ",
        ": ",
        "hielt ",
        " ",
    ],
)
def test_a_sentence_without_end_is_read_as_far_as_sentences_reach(piece: str) -> None:
    sentence = piece * (100_000 // len(piece))
    assert aspect_cues(sentence) == aspect_cues(sentence[:2000])


@pytest.mark.parametrize(
    ("aspect", "precision", "recall"),
    [
        ("shortcomings", 0.8, 0.8),
        ("tasks", 0.8, 0.8),
        ("participants", 0.85, 0.85),
        ("results", 0.75, 0.55),
    ],
)
def test_words_alone_tell_most_of_the_judged_sentences(
    aspect: Aspect, precision: float, recall: float
) -> None:
    judged = [json.loads(line) for line in JUDGED.read_text("utf-8").splitlines()]
    right = {row["quote"] for row in judged if aspect in row["aspects"]}
    found = {row["quote"] for row in judged if aspect_cues(row["quote"]).get(aspect) == STRONG}
    assert len(right & found) / len(found) >= precision
    assert len(right & found) / len(right) >= recall


# What holds over the sentences after it


def strengths(finder: Callable[..., Strengths], aspect: Aspect, text: str) -> dict[str, float]:
    """How strongly each sentence of a Markdown text is announced, without those that are not at all."""
    document = to_document(RawDocument("a.md", Path("a.md"), text, "text/markdown"))
    sentences, _ = split_document(document.text)
    found = finder(document.text, sentences, discourse.words(document.text, sentences))
    column = found[:, ASPECTS.index(aspect)]
    said = [document.text[sentence.start : sentence.end] for sentence in sentences]
    return {
        text: pytest.approx(float(value), abs=1e-6) for text, value in zip(said, column, strict=True) if value
    }


def test_a_lead_in_holds_over_the_paragraph_weaker_by_the_sentence() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Die Zeit ist knapp. Es regnet.\n\nDas Dach ist rot."
    assert strengths(discourse.lead_ins, "shortcomings", text) == {
        "Zu den Mängeln: Die Wege sind lang.": 1,
        "Die Zeit ist knapp.": 0.95,
        "Es regnet.": 0.9025,
    }


def test_a_lead_in_ends_where_something_contrary_is_told() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Das Amt hat die Reform abgeschlossen. Die Zeit ist knapp."
    assert list(strengths(discourse.lead_ins, "shortcomings", text)) == [
        "Zu den Mängeln: Die Wege sind lang."
    ]


def test_a_lead_in_goes_on_where_the_list_says_that_it_does() -> None:
    text = "Zu den Mängeln: Die Wege sind lang. Dazu gehören Ämter, die gegründet wurden."
    assert len(strengths(discourse.lead_ins, "shortcomings", text)) == 2


def test_a_lead_in_announces_what_it_names_last() -> None:
    text = "Neben den Ergebnissen nannte er die Mängel, etwa: Die Wege sind lang. Es regnet."
    assert strengths(discourse.lead_ins, "results", text) == {}
    assert len(strengths(discourse.lead_ins, "shortcomings", text)) == 2


@pytest.mark.parametrize(
    "text", ["Um 10:30 nannte er die Mängel. Es regnet.", "Er nannte die Mängel. Es regnet."]
)
def test_without_a_colon_that_opens_something_nothing_is_announced(text: str) -> None:
    assert strengths(discourse.lead_ins, "shortcomings", text) == {}


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("Die Delegierten schlugen vor, mehr zu bauen. Die Provinz brauche auch Zeit.", "proposals"),
        ("The delegates recommended more schools. The roads are long.", "proposals"),
        ("Er forderte die Ämter auf, zu handeln. Die Wege seien lang.", "tasks"),
    ],
)
def test_who_proposes_or_demands_goes_on_in_the_next_sentence(text: str, aspect: Aspect) -> None:
    assert list(strengths(discourse.lead_ins, aspect, text).values()) == [0.95]


HEADED = """# Bericht

Es regnet.

## Mängel

Die Wege sind lang.

Das Amt hat die Reform abgeschlossen.

Die Zeit ist knapp.

## Ergebnisse und Aufgaben

Das Dach ist rot.
"""


def test_a_heading_holds_for_all_its_paragraphs_but_not_for_what_speaks_against_it() -> None:
    assert strengths(discourse.headings, "shortcomings", HEADED) == {
        "Die Wege sind lang.": 1,
        "Die Zeit ist knapp.": 1,
    }


@pytest.mark.parametrize("aspect", ["results", "tasks"])
def test_a_heading_may_name_two_aspects(aspect: Aspect) -> None:
    assert strengths(discourse.headings, aspect, HEADED) == {"Das Dach ist rot.": 1}


# Likeness and probabilities


def test_each_line_of_the_exemplars_is_an_aspect_and_a_sentence() -> None:
    for name, text in read_exemplars():
        assert name in (*ASPECTS, "none")
        assert text == " ".join(text.split()) != ""
        assert text == unicodedata.normalize("NFC", text)
        assert text.endswith(".")


def test_every_aspect_has_exemplars_enough_and_none_is_there_twice() -> None:
    assert min(Counter(name for name, _ in read_exemplars()).values()) >= 8
    assert len({text for _, text in read_exemplars()}) == len(read_exemplars())


def test_a_sentence_is_like_the_aspect_whose_exemplars_share_its_words(embedder: FakeEmbedder) -> None:
    built = Exemplars.build(embedder.embed_passages)
    asked: tuple[Aspect, ...] = ("tasks", "proposals", "participants", "goals")
    sentences = [
        "Die Gemeinden sollen ihre Verzeichnisse überarbeiten.",
        "Die Delegierten schlugen vor, die Frist um ein Jahr zu verlängern.",
        "Der Arbeitsgruppe gehörten Fachleute aus Behörden an.",
        "Angestrebt wird ein Wachstum von sechs Prozent.",
    ]
    similarity = built.similarity(embedder.embed_passages(sentences))
    assert [ASPECTS[number] for number in similarity.argmax(axis=1)] == list(asked)


def test_likeness_is_the_same_however_far_a_model_spreads_its_vectors(embedder: FakeEmbedder) -> None:
    texts = [text for _, text in read_exemplars()]
    aspects = [ASPECTS.index(name) if name in ASPECTS else -1 for name, _ in read_exemplars()]
    vectors = embedder.embed_passages(texts)
    crowded = vectors / 10 + np.float32(1)
    np.testing.assert_allclose(
        Exemplars(vectors, aspects).similarity(vectors),
        Exemplars(crowded, aspects).similarity(crowded),
        rtol=1e-3,
        atol=1e-3,
    )


def test_no_sentence_is_like_nothing(embedder: FakeEmbedder) -> None:
    built = Exemplars.build(embedder.embed_passages)
    assert built.similarity(np.zeros((0, embedder.dimension), np.float32)).shape == (0, len(ASPECTS))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_evidence_makes_an_aspect_more_probable(kind: str) -> None:
    evidence = np.zeros((2, len(ASPECTS), len(KINDS)), np.float32)
    evidence[1, 0, KINDS.index(kind)] = 1
    none, some = probabilities(evidence)
    assert some[0] > none[0]
    np.testing.assert_array_equal(some[1:], none[1:])


def test_only_what_the_words_or_their_surroundings_say_is_more_probable_than_not() -> None:
    evidence = np.zeros((len(KINDS) + 1, 1, len(KINDS)), np.float32)
    evidence[np.arange(len(KINDS)), 0, np.arange(len(KINDS))] = 1
    assert (probabilities(evidence)[:, 0] > 0.5).tolist() == [kind != "similarity" for kind in KINDS] + [
        False
    ]


TOLD = np.linspace(0, 1, 3 * len(ASPECTS), dtype=np.float32).reshape(3, len(ASPECTS))


def test_saved_probabilities_come_back_to_two_digits(tmp_path: Path) -> None:
    aspect_classifier.save(tmp_path / "aspects.npy", TOLD)
    np.testing.assert_allclose(aspect_classifier.load(tmp_path / "aspects.npy", 3), TOLD, atol=1e-3)


@pytest.mark.parametrize(
    "stored",
    [TOLD[:2], TOLD[:, :3], TOLD.T, TOLD.reshape(-1), TOLD.astype(np.int32), np.float32(1)],
    ids=["two sentences", "three aspects", "turned", "flat", "integers", "a number"],
)
def test_probabilities_of_another_shape_or_kind_are_refused(tmp_path: Path, stored: np.ndarray) -> None:
    kind = np.int32 if stored.dtype == np.int32 else np.float16
    np.save(tmp_path / "aspects.npy", stored.astype(kind))
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: \w+ of shape .* for 3 sentences$"):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)


@pytest.mark.parametrize("data", [None, b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_file_that_holds_no_probabilities_is_named(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "aspects.npy").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: not a readable array \("):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)


def test_an_archive_of_arrays_is_no_array(tmp_path: Path) -> None:
    np.savez(tmp_path / "aspects.npz", TOLD)
    (tmp_path / "aspects.npz").rename(tmp_path / "aspects.npy")
    with pytest.raises(IndexDamagedError, match=r"^aspects\.npy: not a readable array \("):
        aspect_classifier.load(tmp_path / "aspects.npy", 3)
