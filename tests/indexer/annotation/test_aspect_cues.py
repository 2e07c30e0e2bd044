import json
import unicodedata

import pytest
from paths import ROOT

from indexer.annotation.aspect_cues import MAX_LENGTH, STRONG, WEAK, aspect_cues
from indexer.annotation.aspects import Aspect

LABELLED = ROOT / "eval" / "questions" / "aspects.jsonl"


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
def test_an_aspect_has_a_strong_cue(sentence: str, aspect: Aspect) -> None:
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
def test_a_lack_that_is_only_mentioned_is_no_shortcoming(sentence: str) -> None:
    assert "shortcomings" not in aspect_cues(sentence)


def test_an_improvement_with_a_contrast_is_a_shortcoming_more_than_a_result() -> None:
    found = aspect_cues("Die Bewegung hat sich verbessert, ist jedoch nicht stark.")
    assert (found["shortcomings"], found["results"]) == (STRONG, WEAK)


def test_without_a_contrast_both_aspects_have_strong_cues() -> None:
    found = aspect_cues("Die Bewegung hat sich verbessert und leidet unter Mängeln.")
    assert (found["shortcomings"], found["results"]) == (STRONG, STRONG)


@pytest.mark.parametrize("sentence", ["Das Gebäude steht am Ufer.", "The town lies in the north.", "", " \n"])
def test_a_sentence_may_have_no_cue(sentence: str) -> None:
    assert aspect_cues(sentence) == {}


def test_white_space_case_and_unicode_form_do_not_matter() -> None:
    sentence = "Es  gibt\u00a0MÄNGEL; việc triển khai\n còn\tchậm."
    assert (
        aspect_cues(sentence)
        == aspect_cues(unicodedata.normalize("NFD", sentence))
        == {"shortcomings": STRONG}
    )


@pytest.mark.parametrize(
    "repeated",
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
def test_only_the_beginning_of_a_very_long_sentence_is_read(repeated: str) -> None:
    sentence = repeated * (100_000 // len(repeated))
    assert aspect_cues(sentence) == aspect_cues(sentence[:MAX_LENGTH])


@pytest.mark.parametrize(
    ("aspect", "precision", "recall"),
    [
        ("shortcomings", 0.8, 0.8),
        ("tasks", 0.8, 0.8),
        ("participants", 0.85, 0.85),
        ("results", 0.75, 0.55),
    ],
)
def test_cues_alone_find_most_of_the_labelled_sentences(
    aspect: Aspect, precision: float, recall: float
) -> None:
    labelled = [json.loads(line) for line in LABELLED.read_text("utf-8").splitlines()]
    right = {row["quote"] for row in labelled if aspect in row["aspects"]}
    found = {row["quote"] for row in labelled if aspect_cues(row["quote"]).get(aspect) == STRONG}
    assert len(right & found) / len(found) >= precision
    assert len(right & found) / len(right) >= recall
