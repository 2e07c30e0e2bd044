"""From the records of the service to the JSON of the contract."""

from __future__ import annotations

from typing import Any

from indexer.documents import Document
from indexer.entities.references import display_name
from indexer.text.languages import LANGUAGES
from service.answering.answer import Answer, Citation
from service.api import responses
from service.api.answer_text import answer_text, note_lines
from service.api.requests import FiltersBody
from service.engine import Engine
from service.query.question import Question
from service.retrieval.corpus_lookup import CorpusLookup
from service.retrieval.filters import Filters
from service.retrieval.hits import Hit


def filters_of(body: FiltersBody) -> Filters:
    """The filters of a request as retrieval takes them."""
    return Filters(
        references=body.references,
        places=body.places,
        documents=body.documents,
        published_from=body.published_from.isoformat() if body.published_from else None,
        published_to=body.published_to.isoformat() if body.published_to else None,
    )


def index_info(engine: Engine) -> responses.IndexInfo:
    """What answers at the moment."""
    model = engine.generation.manifest.model
    return responses.IndexInfo(
        generation=engine.generation.name, model=f"{model['name']}@{model['digest'][:12]}"
    )


def ask_reply(answer: Answer, engine: Engine) -> responses.AskReply:
    """An answer as JSON."""
    question = answer.question
    return responses.AskReply(
        question=question.text,
        language=question.language,
        status=answer.status,
        answer=answer_text(answer),
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
        notes=note_lines(answer),
        index=index_info(engine),
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


def search_reply(question: Question, hits: list[Hit], engine: Engine) -> responses.SearchReply:
    """Hits as JSON."""
    return responses.SearchReply(
        query=question.text,
        language=question.language,
        hits=[_hit(hit, engine) for hit in hits],
        index=index_info(engine),
    )


def _hit(hit: Hit, engine: Engine) -> responses.HitInfo:
    generation = engine.generation
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


def document_info(document: Document) -> responses.DocumentInfo:
    """A document's metadata as JSON."""
    return responses.DocumentInfo(**_metadata(document))


def _metadata(document: Document) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "title": document.title,
        "url": document.url,
        "published": document.published,
        "place": document.place,
        "language": document.language,
        "sha256": document.sha256,
        "also": list(document.also),
        "references": list(dict.fromkeys(reference.key for reference in document.references)),
    }


def reference_infos(catalogue: CorpusLookup) -> list[responses.ReferenceInfo]:
    """All known acts as JSON."""
    return [
        responses.ReferenceInfo(
            key=known.key,
            names={language: display_name(known.key, language) for language in LANGUAGES},
            mentions_as=list(known.names),
            documents=known.documents,
            mentions=known.mentions,
        )
        for known in catalogue.references
    ]
