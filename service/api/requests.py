"""TODO docstring."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from indexer.entities.references import find_references
from indexer.text.languages import Language

MAX_QUESTION = 2000
MAX_CITATIONS = 20
MAX_HITS = 100
#: A letter or figure of any script, told in a way that schemas, which know no classes of letters, share.
_WORD = re.compile(
    "[0-9A-Za-zÀ-ÖØ-öø-ʯͰ-῿Ⰰ-⿕々-힣豈-﷏ﷰ-﷼ﹰ-ﻼ０-９Ａ-Ｚａ-ｚｦ-ﾾ\U00010000-\U0001efff\U00020000-\U000323af]"
)


class StrictModel(BaseModel):
    """What comes in: unknown fields are refused, white space around texts does not count."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _encodable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("holds half a surrogate pair, which is no character") from error
    if not _WORD.search(text):
        raise ValueError("holds no word")
    return text


def _day(value: object) -> object:
    # Numbers would be taken for seconds since 1970.
    if not isinstance(value, str | datetime.date):
        raise ValueError("is no day such as 2025-03-17")
    return value


def _number(value: object) -> object:
    # Which pydantic would take for 1 and 0.
    if isinstance(value, bool):
        raise ValueError("is no number")
    return value


def _key(text: str) -> str:
    found = find_references(text)
    # Whole: of a sentence that names an act it is not clear what else it may mean.
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(text)):
        raise ValueError(f"names no numbered act such as NQ-57 or Resolution 57: {text[:80]!r}")
    return found[0].key


QuestionText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_QUESTION),
    AfterValidator(_encodable),
    Field(json_schema_extra={"pattern": _WORD.pattern}),
]
ReferenceKey = Annotated[
    str,
    StringConstraints(max_length=200),
    AfterValidator(_key),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(NQ|CT|KL|QD|CTR)-[1-9][0-9]{0,3}$",
            "description": "Key of a numbered act; other keys of `/v1/references` and names are taken too",
            "examples": ["NQ-57"],
        }
    ),
]
Count = Annotated[int, BeforeValidator(_number)]
Day = Annotated[datetime.date, BeforeValidator(_day)]
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]
FilterList = Field(default=(), max_length=1000)


class FiltersBody(StrictModel):
    """Restrictions of a search; several values of one field are alternatives, several fields add up."""

    references: tuple[ReferenceKey, ...] = FilterList
    places: tuple[FilterText, ...] = FilterList
    documents: tuple[FilterText, ...] = FilterList
    published_from: Day | None = None
    published_to: Day | None = None


class AskBody(StrictModel):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "what shortcomings were found on Resolution 57"}]}
    )

    question: QuestionText
    language: Language | None = None
    max_citations: Count = Field(default=6, ge=1, le=MAX_CITATIONS)
    filters: FiltersBody = FiltersBody()


class SearchBody(StrictModel):
    """A query."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "digitale Transformation", "top_k": 3}]}
    )

    query: QuestionText
    top_k: Count = Field(default=10, ge=1, le=MAX_HITS)
    filters: FiltersBody = FiltersBody()


class AskQuery(StrictModel):
    """A question in the address, for links and simple pages."""

    q: QuestionText
    language: Language | None = None
    max_citations: Count = Field(default=6, ge=1, le=MAX_CITATIONS)


class SearchQuery(StrictModel):
    """A query in the address."""

    q: QuestionText
    top_k: Count = Field(default=10, ge=1, le=MAX_HITS)


class PageQuery(StrictModel):
    """Which part of a list."""

    offset: int = Field(default=0, ge=0, le=2**53)
    limit: int = Field(default=50, ge=1, le=500)


class DocumentPath(StrictModel):
    """Which document."""

    model_config = ConfigDict(str_strip_whitespace=False)

    document_id: str


#: No text is longer.
_FARTHEST = 2**53


class FacetsBody(StrictModel):
    """Restrictions that are set."""

    filters: FiltersBody = FiltersBody()


class ContextQuery(StrictModel):
    """A place in a document, in code points of its canonical text."""

    document_id: str = Field(min_length=1, max_length=2000)
    start: int = Field(ge=0, le=_FARTHEST)
    end: int = Field(ge=1, le=_FARTHEST)
