"""Aspects that questions ask for."""

import pytest

from indexer.annotation.aspects import Aspect
from service.query.aspect_intent import asked_aspect, asks_for_several


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
