"""Request models of the HTTP API, validated once, when a request arrives."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from indexer.entities.references import find_references
from indexer.text.languages import Language

MAX_QUESTION = 2000
MAX_CITATIONS = 20
MAX_HITS = 100
#: Values of one filter, and characters of one value: far more than the pages send, checked in milliseconds.
MAX_FILTER_VALUES = 50
MAX_FILTER_TEXT = 200
#: Fields of one object of a request. The largest model has five; each unknown one costs a message.
MAX_FIELDS = 20
#: Largest offset in a list or text: the largest integer that JSON numbers hold exactly.
_MAX_OFFSET = 2**53
#: A letter or digit of any script, as ranges: JSON Schema patterns have no classes of letters.
_WORD = re.compile(
    "[0-9A-Za-zÀ-ÖØ-öø-ʯͰ-῿Ⰰ-⿕々-힣豈-﷏ﷰ-﷼ﹰ-ﻼ０-９Ａ-Ｚａ-ｚｦ-ﾾ\U00010000-\U0001efff\U00020000-\U000323af]"
)


class StrictModel(BaseModel):
    """Input: unknown fields are refused, white space around texts is removed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, value: object) -> object:
        # Counted before anything is validated: each unknown field would become an error of its own.
        if isinstance(value, dict) and len(value) > MAX_FIELDS:
            raise ValueError(f"has {len(value)} fields, at most {MAX_FIELDS} are read")
        return value


def _readable(text: str) -> str:
    """The text, if it can be encoded and has a letter or digit.

    Raises:
        ValueError: it cannot or has none.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("contains half a surrogate pair, which is not a character") from error
    if not _WORD.search(text):
        raise ValueError("contains no word")
    return text


def _day(value: object) -> object:
    # Pydantic would take a number for seconds since 1970.
    if not isinstance(value, str | datetime.date):
        raise ValueError("is not a day such as 2025-03-17")
    return value


def _number(value: object) -> object:
    # Pydantic would take a boolean for 1 or 0.
    if isinstance(value, bool):
        raise ValueError("is not a number")
    return value


def _short_list(value: object) -> object:
    # Pydantic would validate all items before it reports that there are too many.
    if isinstance(value, list | tuple) and len(value) > MAX_FILTER_VALUES:
        raise ValueError(f"has {len(value)} values, at most {MAX_FILTER_VALUES} are read")
    return value


class ReferenceFilterError(ValueError):
    """Texts of a filter are not references; ``messages``: by position in the filter."""

    def __init__(self, messages: Mapping[int, str]) -> None:
        super().__init__("; ".join(messages.values()))
        self.messages = messages


def canonical_references(texts: Sequence[str]) -> tuple[str, ...]:
    """The canonical keys of references. It takes a millisecond or two for each hostile text.

    Raises:
        ReferenceFilterError: a whole text is not one reference; in a longer one, its meaning is not clear.
    """
    keys, messages = [], {}
    for position, text in enumerate(texts):
        found = find_references(text)
        if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)):
            keys.append(found[0].key)
        else:
            messages[position] = f"is not a reference such as NQ-57 or Resolution 57: {text[:80]!r}"
    if messages:
        raise ReferenceFilterError(messages)
    return tuple(keys)


QuestionText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_QUESTION),
    AfterValidator(_readable),
    Field(json_schema_extra={"pattern": _WORD.pattern}),
]
#: Only its length is checked here: ``canonical_references`` is called away from the event loop.
ReferenceText = Annotated[
    str,
    StringConstraints(max_length=MAX_FILTER_TEXT),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^(NQ|CT|KL|QD|CTR)-[1-9][0-9]{0,3}$",
            "description": "Key of a reference; other keys of `/v1/references` and names are accepted too",
            "examples": ["NQ-57"],
        }
    ),
]
Count = Annotated[int, BeforeValidator(_number)]
Day = Annotated[datetime.date, BeforeValidator(_day)]
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_FILTER_TEXT, pattern=r"\S")]
ShortList = BeforeValidator(_short_list)
FilterList = Field(default=(), max_length=MAX_FILTER_VALUES)


class FiltersBody(StrictModel):
    """Restrictions of a search: values of one field are alternatives, and all fields must match."""

    references: Annotated[tuple[ReferenceText, ...], ShortList] = FilterList
    places: Annotated[tuple[FilterText, ...], ShortList] = FilterList
    documents: Annotated[tuple[FilterText, ...], ShortList] = FilterList
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
    """A question in the URL, for links and simple pages."""

    q: QuestionText
    language: Language | None = None
    max_citations: Count = Field(default=6, ge=1, le=MAX_CITATIONS)

    def body(self) -> AskBody:
        """The same question as a body, not validated a second time."""
        return AskBody.model_construct(
            question=self.q, language=self.language, max_citations=self.max_citations
        )


class SearchQuery(StrictModel):
    """A query in the URL."""

    q: QuestionText
    top_k: Count = Field(default=10, ge=1, le=MAX_HITS)

    def body(self) -> SearchBody:
        """The same query as a body, not validated a second time."""
        return SearchBody.model_construct(query=self.q, top_k=self.top_k)


class PageQuery(StrictModel):
    """A part of a list."""

    offset: int = Field(default=0, ge=0, le=_MAX_OFFSET)
    limit: int = Field(default=50, ge=1, le=500)


class DocumentPath(StrictModel):
    """A document by its id."""

    model_config = ConfigDict(str_strip_whitespace=False)

    document_id: str


class FacetsBody(StrictModel):
    """Filters under which documents are counted."""

    filters: FiltersBody = FiltersBody()


class ContextQuery(StrictModel):
    """A span of a document, in code points of its canonical text."""

    document_id: str = Field(min_length=1, max_length=2000)
    start: int = Field(ge=0, le=_MAX_OFFSET)
    end: int = Field(ge=1, le=_MAX_OFFSET)
