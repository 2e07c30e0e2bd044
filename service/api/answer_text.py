"""What an answer says of itself, in the question's language: what was found, or why there is nothing.

Only this text is written here; what it says of the statements is counted, never summed up.
"""

from __future__ import annotations

from itertools import groupby

from indexer.documents import Document
from indexer.entities.places import related_places
from indexer.entities.references import display_name
from indexer.text.languages import Language
from service.answering.answer import Answer, Conflict, TextSpan
from service.answering.quantities import value_of
from service.api.messages import MESSAGES, Messages, plural


def framing_line(answer: Answer) -> str:
    """One line, true to the statements that follow it, or the reason why there are none."""
    messages = MESSAGES[answer.question.language]
    if answer.status == "answered":
        return _found(answer, messages)
    if answer.status == "unknown_reference":
        return _unknown(answer.unknown_references, answer.suggestions, answer.question.language)
    names = _names(answered_keys(answer), answer.question.language)
    if answer.status == "aspect_not_found":
        aspect = answer.question.aspect
        line = messages.aspect_not_found.format(
            names=names, aspect=messages.aspects[aspect] if aspect else ""
        )
        return line + _told(answer, messages)
    if answer.missing_names:
        return messages.unnamed.format(names=", ".join(answer.missing_names))
    return messages.no_evidence_on.format(names=names) if names else messages.no_evidence


def note_lines(answer: Answer) -> list[str]:
    """What a reader has to know beside the statements: acts that are nowhere, figures that contradict."""
    if answer.status == "unknown_reference":
        return []
    language = answer.question.language
    lines = [_unknown((key,), (), language) for key in answer.unknown_references]
    if answer.status == "answered":
        lines += [MESSAGES[language].unnamed.format(names=name) for name in answer.missing_names]
    lines += [MESSAGES[language].merged.format(asked=asked, place=place) for asked, place in _merged(answer)]
    lines += [_conflict(conflict, MESSAGES[language]) for conflict in answer.conflicts]
    return lines + ([MESSAGES[language].more.format(count=answer.not_shown)] if answer.not_shown else [])


def _merged(answer: Answer) -> list[tuple[str, str]]:
    """Provinces asked about that are answered from the report of one they were merged with."""
    cited = {citation.document.place for citation in answer.citations if citation.document.place}
    asked = list(dict.fromkeys(mention.place for mention in answer.question.places))
    return [
        (name, place)
        for name in asked
        for place in sorted(cited.intersection(related_places([name])) - {name})
        if name not in cited
    ]


def answer_text(answer: Answer) -> str:
    """The framing line, the statements with the numbers of their citations, the notes.

    Where all that is said was collected, each report's statements stand below its place and date.
    """
    lines = [framing_line(answer)]
    grouped = answer.as_list
    for document, citations in groupby(answer.citations, key=lambda citation: citation.document):
        if grouped:
            lines.append(f"{source_line(document)}:")
        lines += [f"{citation.quote} [{citation.number}]" for citation in citations]
    return "\n".join([*lines, *note_lines(answer)])


def answered_keys(answer: Answer) -> tuple[str, ...]:
    """The acts asked for that some document names."""
    return tuple(key for key in answer.question.keys if key not in answer.unknown_references)


def source_line(document: Document) -> str:
    """A report as its readers know it: place and date, or its title where it has neither."""
    known = [part for part in (document.place, document.published) if part]
    return ", ".join(known) or document.title


def _found(answer: Answer, messages: Messages) -> str:
    names = _names(answered_keys(answer), answer.question.language)
    about = messages.on_act.format(names=names) if names else ""
    reports = len({citation.document.document_id for citation in answer.citations})
    statements = plural(len(answer.citations), messages.statements)
    aspect = answer.question.aspect
    if answer.as_list and aspect:
        form = messages.collected[0 if reports == 1 else 1]
        return form.format(count=reports, aspect=messages.aspects[aspect], names=about, statements=statements)
    return messages.found.format(
        reports=plural(reports, messages.reports), statements=statements, names=about
    )


def _told(answer: Answer, messages: Messages) -> str:
    if not answer.aspect_counts:
        return ""
    listed = ", ".join(messages.aspects[aspect] for aspect in answer.aspect_counts)
    return messages.told.format(listed=listed)


def _unknown(keys: tuple[str, ...], suggestions: tuple[str, ...], language: Language) -> str:
    messages = MESSAGES[language]
    line = messages.unknown.format(names=_names(keys, language))
    return line + (messages.near.format(near=_names(suggestions, language)) if suggestions else "")


def _conflict(conflict: Conflict, messages: Messages) -> str:
    if conflict.sum is None:
        first, other = (f"{place.text} ({_where(place, place)})" for place in conflict.spans)
        return messages.differ.format(first=first, other=other)
    total, *parts = conflict.spans
    return messages.wrong_sum.format(
        total=total.text,
        parts=" + ".join(
            part.text if part.text[0].isdigit() else f"{value_of(part.text):g}" for part in parts
        ),
        sum=f"{conflict.sum:.6f}".rstrip("0").rstrip("."),
        where=_where(total, parts[-1]),
    )


def _where(first: TextSpan, last: TextSpan) -> str:
    cited = f"[{first.citation}] " if first.citation else ""
    return f"{cited}{first.document.document_id} {first.start}–{last.end}"


def _names(keys: tuple[str, ...], language: Language) -> str:
    return ", ".join(display_name(key, language) for key in keys)
