"""Text of an answer around its statements: framing line and notes, in the language of the question.

Statements are counted here, never summarised.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from indexer.documents import Document
from indexer.entities.places import related_places
from indexer.entities.references import display_name
from indexer.text.languages import Language
from service.answering.answer import Answer, Conflict, TextSpan
from service.answering.quantities import value_of
from service.api.messages import MESSAGES, Messages, plural


def framing_line(answer: Answer) -> str:
    """The line that introduces the statements, or says why there are none."""
    messages = MESSAGES[answer.question.language]
    if answer.status == "answered":
        return _found(answer, messages)
    if answer.status == "unknown_reference":
        return _unknown_references(answer.unknown_references, answer.suggestions, answer.question.language)
    names = _names(answered_keys(answer), answer.question.language)
    if answer.status == "aspect_not_found":
        aspect = answer.question.aspect
        line = messages.aspect_not_found.format(
            names=names, aspect=messages.aspects[aspect] if aspect else ""
        )
        return line + _other_aspects(answer, messages)
    if answer.missing_names:
        return messages.missing_names.format(names=", ".join(answer.missing_names))
    return messages.no_evidence_on.format(names=names) if names else messages.no_evidence


def note_lines(answer: Answer) -> list[str]:
    """Notes on the statements: unknown references, missing names, merged provinces, contradictions."""
    if answer.status == "unknown_reference":
        return []
    language = answer.question.language
    messages = MESSAGES[language]
    lines = [_unknown_references((key,), (), language) for key in answer.unknown_references]
    if answer.status == "answered":
        lines += [messages.missing_names.format(names=name) for name in answer.missing_names]
    lines += [
        messages.merged_places.format(asked=asked, place=place) for asked, place in _merged_places(answer)
    ]
    lines += [_conflict(conflict, messages) for conflict in answer.conflicts]
    return lines + ([messages.not_shown.format(count=answer.not_shown)] if answer.not_shown else [])


def answer_text(answer: Answer, notes: Sequence[str]) -> str:
    """The framing line, the statements with their citation numbers, and the notes, a line each.

    In a list answer, the statements of each report follow its place and date.

    Args:
        notes: from ``note_lines``.
    """
    lines = [framing_line(answer)]
    for document, citations in groupby(answer.citations, key=lambda citation: citation.document):
        if answer.as_list:
            lines.append(f"{source_line(document)}:")
        lines += [f"{citation.quote} [{citation.number}]" for citation in citations]
    return "\n".join([*lines, *notes])


def answered_keys(answer: Answer) -> tuple[str, ...]:
    """The references in the question that some document names."""
    return tuple(key for key in answer.question.keys if key not in answer.unknown_references)


def source_line(document: Document) -> str:
    """Place and date of a report, or its title if it has neither."""
    known = [part for part in (document.place, document.published) if part]
    return ", ".join(known) or document.title


def _merged_places(answer: Answer) -> list[tuple[str, str]]:
    """Provinces in the question, each with the province it was merged with that is cited in its place."""
    cited = {citation.document.place for citation in answer.citations if citation.document.place}
    asked = list(dict.fromkeys(mention.place for mention in answer.question.places))
    return [
        (name, place)
        for name in asked
        for place in sorted(cited.intersection(related_places([name])) - {name})
        if name not in cited
    ]


def _found(answer: Answer, messages: Messages) -> str:
    names = _names(answered_keys(answer), answer.question.language)
    about = messages.about_references.format(names=names) if names else ""
    reports = len({citation.document.document_id for citation in answer.citations})
    statements = plural(len(answer.citations), messages.statements)
    aspect = answer.question.aspect
    if answer.as_list and aspect:
        form = messages.found_as_list[0 if reports == 1 else 1]
        return form.format(count=reports, aspect=messages.aspects[aspect], names=about, statements=statements)
    return messages.found.format(
        reports=plural(reports, messages.reports), statements=statements, names=about
    )


def _other_aspects(answer: Answer, messages: Messages) -> str:
    if not answer.aspect_counts:
        return ""
    listed = ", ".join(messages.aspects[aspect] for aspect in answer.aspect_counts)
    return messages.other_aspects.format(listed=listed)


def _unknown_references(keys: tuple[str, ...], suggestions: tuple[str, ...], language: Language) -> str:
    messages = MESSAGES[language]
    line = messages.unknown_references.format(names=_names(keys, language))
    if not suggestions:
        return line
    return line + messages.known_references.format(names=_names(suggestions, language))


def _conflict(conflict: Conflict, messages: Messages) -> str:
    if conflict.sum is None:
        first, other = (f"{span.text} ({_location(span, span)})" for span in conflict.spans)
        return messages.conflicting_figures.format(first=first, other=other)
    total, *parts = conflict.spans
    return messages.wrong_sum.format(
        total=total.text,
        parts=" + ".join(
            part.text if part.text[0].isdigit() else f"{value_of(part.text):g}" for part in parts
        ),
        sum=f"{conflict.sum:.6f}".rstrip("0").rstrip("."),
        where=_location(total, parts[-1]),
    )


def _location(first: TextSpan, last: TextSpan) -> str:
    citation = f"[{first.citation}] " if first.citation else ""
    return f"{citation}{first.document.document_id} {first.start}–{last.end}"


def _names(keys: tuple[str, ...], language: Language) -> str:
    return ", ".join(display_name(key, language) for key in keys)
