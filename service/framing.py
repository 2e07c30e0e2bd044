"""The one line an answer begins with, in the question's language: what was found, and where."""

from __future__ import annotations

from indexer.aspects import Aspect
from indexer.language import Language
from indexer.references import display_name
from service.answers import Answer

_ASPECTS: dict[Language, dict[Aspect | None, str]] = {
    "de": {
        None: "Aussagen",
        "results": "Aussagen zu Ergebnissen",
        "shortcomings": "Aussagen zu Mängeln",
        "causes": "Aussagen zu Ursachen",
        "tasks": "Aussagen zu Aufgaben",
        "solutions": "Aussagen zu Lösungen",
        "proposals": "Aussagen zu Vorschlägen",
        "participants": "Aussagen zu Teilnehmenden",
    },
    "en": {
        None: "statements",
        "results": "statements on results",
        "shortcomings": "statements on shortcomings",
        "causes": "statements on causes",
        "tasks": "statements on tasks",
        "solutions": "statements on solutions",
        "proposals": "statements on proposals",
        "participants": "statements on participants",
    },
    "vi": {
        None: "đoạn trích",
        "results": "đoạn trích về kết quả",
        "shortcomings": "đoạn trích về hạn chế",
        "causes": "đoạn trích về nguyên nhân",
        "tasks": "đoạn trích về nhiệm vụ",
        "solutions": "đoạn trích về giải pháp",
        "proposals": "đoạn trích về đề xuất",
        "participants": "đoạn trích về thành phần tham dự",
    },
}
_FOUND: dict[Language, str] = {
    "de": "Gefunden: {what}{about} in {where}.",
    "en": "Found: {what}{about} in {where}.",
    "vi": "Tìm thấy: {what}{about} trong {where}.",
}
_ABOUT: dict[Language, str] = {"de": " zu: {names}", "en": " on {names}", "vi": " liên quan đến {names}"}
_WHERE: dict[Language, tuple[str, str]] = {
    "de": ("einem Dokument", "{count} Dokumenten"),
    "en": ("one document", "{count} documents"),
    "vi": ("một văn bản", "{count} văn bản"),
}
_SINGULAR: dict[Language, tuple[str, str]] = {
    "de": ("Aussagen", "Aussage"),
    "en": ("statements", "statement"),
    "vi": ("đoạn trích", "đoạn trích"),
}
_REFUSALS: dict[Language, dict[str, str]] = {
    "de": {
        "no_evidence": "Dazu steht in den Dokumenten nichts, was sich belegen lässt.",
        "unknown_reference": "{names}: kommt in den Dokumenten nicht vor.",
        "aspect_not_found": "{names}: bekannt, aber danach gefragt findet sich keine Aussage.",
        "near": " Bekannt sind: {near}.",
    },
    "en": {
        "no_evidence": "The documents hold nothing on this that could be cited.",
        "unknown_reference": "{names}: not found in any document.",
        "aspect_not_found": "{names}: known, but no statement was found on what was asked.",
        "near": " Known: {near}.",
    },
    "vi": {
        "no_evidence": "Các văn bản không có nội dung nào để trích dẫn về câu hỏi này.",
        "unknown_reference": "{names}: không có trong các văn bản.",
        "aspect_not_found": "{names}: có trong các văn bản, nhưng không tìm thấy nội dung được hỏi.",
        "near": " Các văn kiện có: {near}.",
    },
}


def framing_line(answer: Answer) -> str:
    """One line, true to the statements that follow it, or the reason why there are none."""
    question = answer.question
    language = question.language
    keys = question.keys if answer.status == "unknown_reference" else answered_keys(answer)
    names = ", ".join(display_name(key, language) for key in keys)
    if answer.status != "answered":
        line = _REFUSALS[language][answer.status].format(names=names)
        if answer.status == "unknown_reference" and answer.suggestions:
            near = ", ".join(display_name(key, language) for key in answer.suggestions)
            line += _REFUSALS[language]["near"].format(near=near)
        return line
    count = len(answer.citations)
    what = _ASPECTS[language][question.aspect]
    if count == 1:
        what = what.replace(*_SINGULAR[language])
    places = len({citation.document.document_id for citation in answer.citations})
    one, many = _WHERE[language]
    return _FOUND[language].format(
        what=f"{count} {what}",
        about=_ABOUT[language].format(names=names) if names else "",
        where=one if places == 1 else many.format(count=places),
    )


def answered_keys(answer: Answer) -> tuple[str, ...]:
    """The acts asked for that some document names."""
    return tuple(key for key in answer.question.keys if key not in answer.unknown)


def note_lines(answer: Answer) -> list[str]:
    """What an answered question asked beyond what is known, in its language."""
    if answer.status == "unknown_reference":
        return []
    language = answer.question.language
    refusal = _REFUSALS[language]["unknown_reference"]
    return [refusal.format(names=display_name(key, language)) for key in answer.unknown]


def answer_text(answer: Answer) -> str:
    """The framing line, then each statement with the number of its citation."""
    lines = [framing_line(answer)]
    lines += [f"{citation.quote} [{citation.number}]" for citation in answer.citations]
    return "\n".join(lines)
