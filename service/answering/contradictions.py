"""Contradictions: sums that do not add up, and quantities that differ between similar sentences."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.arrays import Ids
from indexer.documents import Document
from indexer.entities.places import related_places
from service.answering.answer import Citation, Conflict, TextSpan
from service.answering.quantities import Quantity, differing_quantities, find_quantities, wrong_sum
from service.deadline import within_time
from service.retrieval.sentences import SentenceReader
from service.scoring.candidates import SentenceCandidates

#: By hand: from this cosine on a sentence may say the same as a statement.
SAME_CONTENT = 0.93


def find_contradictions(
    citations: Sequence[Citation],
    candidates: SentenceCandidates,
    reader: SentenceReader,
    same_content: float = SAME_CONTENT,
) -> tuple[Conflict, ...]:
    """Totals whose parts do not add up, and quantities that differ on one thing, each with all its places.

    Reports of different provinces count different things.
    """
    found = []
    for citation in within_time(citations):
        wrong = wrong_sum(citation.quote)
        if wrong:
            spans = tuple(_span(quantity, citation) for quantity in (wrong.total, *wrong.parts))
            found.append(Conflict(spans, wrong.sum))
    if not any(find_quantities(citation.quote) for citation in citations):
        return tuple(found)
    compared = [*citations, *_similar(citations, candidates, reader, same_content)]
    for row, quantity, other_row, other in differing_quantities(
        [citation.quote for citation in compared], [citation.document.language for citation in compared]
    ):
        one, two = compared[row], compared[other_row]
        if row < len(citations) and not _of_different_provinces(one.document, two.document):
            found.append(Conflict((_span(quantity, one), _span(other, two))))
    return tuple(found)


def _of_different_provinces(one: Document, other: Document) -> bool:
    if not one.place or not other.place:
        return False
    return not set(related_places([one.place])) & set(related_places([other.place]))


def _similar(
    citations: Sequence[Citation], candidates: SentenceCandidates, reader: SentenceReader, same_content: float
) -> list[Citation]:
    """Candidates close to a statement that are not cited, as citations with the number 0."""
    cited = [row for row in range(len(candidates)) if _is_cited(candidates.numbers, row, citations, reader)]
    if not cited:
        return []
    similarity = (candidates.vectors @ candidates.vectors[cited].T).max(axis=1)
    similarity[cited] = 0.0
    found = []
    for row in (similarity >= same_content).nonzero()[0].tolist():
        number = int(candidates.numbers[row])
        document, (start, end) = reader.document(number), reader.span(number)
        found.append(Citation(0, document, start, end, document.text[start:end], 0.0))
    return found


def _is_cited(numbers: Ids, row: int, citations: Sequence[Citation], reader: SentenceReader) -> bool:
    number = int(numbers[row])
    start, end = reader.span(number)
    within = [citation for citation in citations if start <= citation.start and citation.end <= end]
    if not within:
        return False
    document_id = reader.document(number).document_id
    return any(citation.document.document_id == document_id for citation in within)


def _span(quantity: Quantity, citation: Citation) -> TextSpan:
    start = citation.start + quantity.start
    end = citation.start + quantity.end
    return TextSpan(citation.document, start, end, quantity.text, citation.number or None)
