"""What contradicts an answer, in its own statements or in sentences that say nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.documents import Document
from indexer.entities.places import related_places
from service.answering.answer import Citation, Conflict, Place
from service.answering.quantities import Figure, differing, figures, wrong_sum
from service.retrieval.retriever import Retriever
from service.scoring.candidates import Candidates

#: From this cosine on a sentence may say the same as a statement.
_ALIKE = 0.93


def conflicts(
    citations: Sequence[Citation], candidates: Candidates, retriever: Retriever
) -> tuple[Conflict, ...]:
    """Totals whose parts do not add up, and figures that differ on one thing; each with all its places.

    What reports of different provinces count is not one thing.
    """
    found = []
    for citation in citations:
        wrong = wrong_sum(citation.quote)
        if wrong:
            places = tuple(_place(figure, citation) for figure in (wrong.total, *wrong.parts))
            found.append(Conflict(places, wrong.sum))
    if not any(figures(citation.quote) for citation in citations):
        return tuple(found)
    both = [*citations, *_alike(citations, candidates, retriever)]
    for a, mine, b, other in differing(
        [citation.quote for citation in both], [citation.document.language for citation in both]
    ):
        if a < len(citations) and not _elsewhere(both[a].document, both[b].document):
            found.append(Conflict((_place(mine, both[a]), _place(other, both[b]))))
    return tuple(found)


def _elsewhere(one: Document, other: Document) -> bool:
    """Whether two reports are about different provinces."""
    if not one.place or not other.place:
        return False
    return not set(related_places([one.place])) & set(related_places([other.place]))


def _alike(citations: Sequence[Citation], candidates: Candidates, retriever: Retriever) -> list[Citation]:
    """Candidates close to a statement that are none themselves, as citations without a number."""
    sentences, store = retriever.generation.sentences, retriever.generation.store
    starts = {(citation.document.document_id, citation.start, citation.end) for citation in citations}
    documents = {number: store.document(number) for number in set(candidates.documents.tolist())}
    mine = []
    for row, (number, document) in enumerate(
        zip(candidates.numbers.tolist(), candidates.documents.tolist(), strict=True)
    ):
        start, end = int(sentences.start[number]), int(sentences.end[number])
        place = documents[document].document_id
        if any(name == place and start <= a and b <= end for name, a, b in starts):
            mine.append(row)
    if not mine:
        return []
    likeness = (candidates.vectors @ candidates.vectors[mine].T).max(axis=1)
    likeness[mine] = 0.0
    found = []
    for row in np.flatnonzero(likeness >= _ALIKE).tolist():
        number, document = int(candidates.numbers[row]), documents[int(candidates.documents[row])]
        start, end = int(sentences.start[number]), int(sentences.end[number])
        found.append(Citation(0, document, start, end, document.text[start:end], 0.0))
    return found


def _place(figure: Figure, citation: Citation) -> Place:
    start = citation.start + figure.start
    end = citation.start + figure.end
    return Place(citation.document, start, end, figure.text, citation.number or None)
