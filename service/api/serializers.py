"""Serialization: records of the service to response models, and filters of a request to a record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from indexer.documents import Document, DocumentMetadata
from indexer.entities.references import display_name
from indexer.index.generation import Generation
from indexer.text.languages import LANGUAGES, Language
from service.answering.answer import Answer, Citation
from service.api import responses
from service.api.answer_text import answer_text, note_lines
from service.api.browsing_responses import ReferenceInfo
from service.query.question import Question
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit


def filters_of(values: Mapping[str, Any]) -> Filters:
    """The filters in a validated request.

    Args:
        values: ``requests.FiltersBody`` as JSON values.
    """
    return Filters(
        references=tuple(values["references"]),
        places=tuple(values["places"]),
        documents=tuple(values["documents"]),
        published_from=values["published_from"],
        published_to=values["published_to"],
    )


def index_info(generation: Generation) -> responses.IndexInfo:
    """The generation and its model."""
    model = generation.manifest.model
    return responses.IndexInfo(generation=generation.name, model=f"{model['name']}@{model['digest'][:12]}")


def ask_reply(answer: Answer, generation: Generation) -> responses.AskReply:
    """The response to a question."""
    question, notes = answer.question, note_lines(answer)
    return responses.AskReply(
        question=question.text,
        language=question.language,
        status=answer.status,
        answer=answer_text(answer, notes),
        statements=[
            responses.StatementInfo(text=citation.quote, citations=[citation.number])
            for citation in answer.citations
        ],
        citations=[_citation(citation) for citation in answer.citations],
        confidence=round(answer.confidence, 4),
        understood=responses.Understood(
            references=[
                responses.UnderstoodReference(key=reference.key, text=reference.text)
                for reference in question.references
            ],
            aspect=question.aspect,
            places=list(dict.fromkeys(mention.place for mention in question.places)),
            dates=[
                responses.UnderstoodPeriod(first=period.first, last=period.last, text=period.text)
                for period in question.dates
            ],
        ),
        suggestions=list(answer.suggestions),
        notes=notes,
        index=index_info(generation),
    )


def _citation(citation: Citation) -> responses.CitationInfo:
    document = citation.document
    return responses.CitationInfo(
        number=citation.number,
        document_id=document.document_id,
        title=document.title,
        url=document.url,
        published=document.published,
        place=document.place,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
        sha256=document.sha256,
        score=round(citation.score, 4),
    )


def search_reply(question: Question, hits: list[Hit], generation: Generation) -> responses.SearchReply:
    """The response to a search."""
    return responses.SearchReply(
        query=question.text,
        language=question.language,
        hits=[_hit(hit, generation) for hit in hits],
        index=index_info(generation),
    )


def _hit(hit: Hit, generation: Generation) -> responses.HitInfo:
    passages, sentences = generation.passages, generation.sentences
    document = generation.store.document(int(passages.document[hit.passage]))
    start, end = int(passages.start[hit.passage]), int(passages.end[hit.passage])
    return responses.HitInfo(
        passage_id=f"{document.document_id}:{start}-{end}",
        document_id=document.document_id,
        title=document.title,
        url=document.url,
        published=document.published,
        place=document.place,
        start=start,
        end=end,
        text=document.text[start:end],
        score=round(hit.score, 6),
        scores=responses.HitScores(
            passage=round(hit.passage_score, 6),
            sentence=round(hit.sentence_score, 6),
            lexical=round(hit.lexical_score, 6),
        ),
        best_sentence=responses.SpanInfo(
            start=int(sentences.start[hit.best_sentence]), end=int(sentences.end[hit.best_sentence])
        ),
    )


def document_fields(document: Document | DocumentMetadata) -> dict[str, Any]:
    """The fields of ``DocumentInfo``, for it and the models that extend it."""
    return {
        "document_id": document.document_id,
        "title": document.title,
        "url": document.url,
        "published": document.published,
        "place": document.place,
        "language": document.language,
        "sha256": document.sha256,
        "also": list(document.also),
        "references": list(document.keys),
    }


def reference_names(key: str) -> dict[Language, str]:
    """The names of a reference by language."""
    return {language: display_name(key, language) for language in LANGUAGES}


def reference_infos(lookup: CorpusLookup) -> list[ReferenceInfo]:
    """All references in the documents, those of most documents first."""
    return [
        ReferenceInfo(
            key=known.key,
            names=reference_names(known.key),
            mentions_as=list(known.names),
            documents=known.documents,
            mentions=known.mentions,
        )
        for known in lookup.references
    ]
