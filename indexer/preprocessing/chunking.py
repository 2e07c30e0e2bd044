"""Chunking: sentences and passages of a text, with exact offsets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

from indexer.documents import Passage, Sentence
from indexer.text.sentence_splitter import split_sentences
from indexer.text.spans import Span

#: First and number of the code points that represent sentences in the grouping (private use plane 15).
_FIRST_TOKEN, _TOKEN_COUNT = 0xF0000, 0xFFFE
_SENTENCE_ENDS = (".", "!", "?", "…", "“", "”", '"', "»", ")")
#: Characters.
_MAX_HEADING_LENGTH = 120
#: Characters of a sentence, about the input length of the model, whose vector would miss the rest. A longer
#: one is a list or a table without full stops; it is divided at the first of these separators that it has.
MAX_SENTENCE_LENGTH = 1600
_SEPARATORS = ["; ", ": ", ", ", " ", ""]

#: The unit that a passage may fill: one paragraph, or whole paragraphs under one heading.
Grouping = Literal["paragraph", "section"]


@dataclass(frozen=True, slots=True)
class Chunking:
    """Parameters of the division into passages; sizes in characters.

    Compared with other sizes, overlaps and groupings by ``python -m eval chunking`` (docs/quality.md).

    Attributes:
        size: of a passage, at most.
        overlap: how much of a passage the next one may repeat, in whole sentences of the same paragraph or
            section; less than ``size``, towards which it counts.
        grouping: the unit that a passage may fill.
    """

    size: int = 1200
    overlap: int = 0
    grouping: Grouping = "paragraph"


class _SentenceGrouper(TextSplitter):
    """Grouping of sentences by langchain's merging of splits.

    Each sentence is one private-use character with the length of the sentence. So the library decides which
    sentences go together and returns exact sentence numbers, not texts that would have to be found again.
    """

    def __init__(self, chunking: Chunking, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        super().__init__(
            chunk_size=chunking.size,
            chunk_overlap=chunking.overlap,
            length_function=self._length,
            strip_whitespace=False,
        )

    def _length(self, tokens: str) -> int:
        return _length([self._sentences[ord(token) - _FIRST_TOKEN] for token in tokens], self._chunk_size)

    def split_text(self, text: str) -> list[str]:
        return self._merge_splits(list(text), "")

    def groups(self) -> list[range]:
        """The sentence numbers of each group."""
        tokens = "".join(chr(_FIRST_TOKEN + number) for number in range(len(self._sentences)))
        return [
            range(ord(group[0]) - _FIRST_TOKEN, ord(group[-1]) - _FIRST_TOKEN + 1)
            for group in self.split_text(tokens)
        ]


def split_document(text: str, chunking: Chunking | None = None) -> tuple[list[Sentence], list[Passage]]:
    """The sentences and passages of a canonical text, both in reading order.

    Headings, and sentences that end in a colon, share a passage with the paragraph that follows. A passage
    begins and ends with whole sentences, or with parts of one longer than ``MAX_SENTENCE_LENGTH``. Every
    sentence is in a passage, with an overlap possibly in several; each passage begins and ends after the one
    before it.
    """
    chunking = chunking or Chunking()
    spans = [piece for span in split_sentences(text) for piece in _divide(text, span)]
    sentences = [Sentence(span.start, span.end, _is_heading(text, span)) for span in spans]
    passages = [
        Passage(sentences[group[0]].start, sentences[group[-1]].end, group[0], group[-1])
        for group in _groups(text, sentences, chunking)
    ]
    return sentences, passages


def _groups(text: str, sentences: Sequence[Sentence], chunking: Chunking) -> list[range]:
    """The sentence numbers of each passage.

    When grouping by section, a paragraph joins the passage before it if it fits as a whole; only a paragraph
    longer than a passage is divided.
    """
    groups: list[range] = []
    for block in _blocks(text, sentences):
        low = block.start
        inside = sentences[block.start : block.stop]
        joins = chunking.grouping == "section" and not any(sentence.is_heading for sentence in inside)
        if groups and joins:
            first = groups[-1].start
            if _length(sentences[first : block.stop], chunking.size) <= chunking.size:
                groups[-1] = range(first, block.stop)
                continue
            low = _overlap_start(groups[-1], inside, sentences, chunking)
        grouper = _SentenceGrouper(chunking, sentences[low : block.stop])
        groups += [range(low + group.start, low + group.stop) for group in grouper.groups()]
    return groups


def _overlap_start(
    before: range, block: Sequence[Sentence], sentences: Sequence[Sentence], chunking: Chunking
) -> int:
    """The number of the first sentence that a paragraph's passage repeats from the passage before it.

    Without an overlap it is the number of the paragraph's own first sentence. The repetition leaves room for
    the whole paragraph, or for its first sentence if it has to be divided anyway.
    """
    whole = _length(block, chunking.size)
    needed = whole if whole <= chunking.size else _length(block[:1], chunking.size)
    room = min(chunking.overlap, chunking.size - needed)
    low = before.stop
    while low - 1 > before.start and _length(sentences[low - 1 : low], chunking.size) <= room:
        low -= 1
        room -= _length(sentences[low : low + 1], chunking.size)
    return low


def _length(sentences: Sequence[Sentence], size: int) -> int:
    """The length of sentences, with a space after each; ``size`` at most for one sentence."""
    # A longer sentence is a passage alone; without the limit the library would log a warning for each.
    return sum(min(sentence.end - sentence.start + 1, size) for sentence in sentences)


def _divide(text: str, span: Span) -> Iterator[Span]:
    """A sentence, or its parts if it is too long; only white space between them is lost."""
    if span.end - span.start <= MAX_SENTENCE_LENGTH:
        yield span
        return
    splitter = RecursiveCharacterTextSplitter(
        _SEPARATORS,
        keep_separator="end",
        chunk_size=MAX_SENTENCE_LENGTH,
        chunk_overlap=0,
        strip_whitespace=False,
    )
    start = span.start
    for piece in splitter.split_text(text[span.start : span.end]):
        stripped = piece.strip()
        if stripped:
            first = start + piece.index(stripped)
            yield Span(first, first + len(stripped))
        start += len(piece)


def _blocks(text: str, sentences: Sequence[Sentence]) -> list[range]:
    """The sentence numbers of each line, with those of the headings and lead-ins before it."""
    starts: list[int] = []
    open_block = False
    for number, sentence in enumerate(sentences):
        new_line = number == 0 or "\n" in text[sentences[number - 1].end : sentence.start]
        if not starts or number - starts[-1] >= _TOKEN_COUNT or (new_line and not open_block):
            starts.append(number)
        open_block = sentence.is_heading or text[sentence.end - 1] == ":"
    return [range(low, high) for low, high in pairwise([*starts, len(sentences)])]


def _is_heading(text: str, span: Span) -> bool:
    """True for a short sentence without a sentence end that fills its line: a title, not a statement."""
    alone = (span.start == 0 or text[span.start - 1] == "\n") and (
        span.end == len(text) or text[span.end] == "\n"
    )
    return (
        alone
        and span.end - span.start <= _MAX_HEADING_LENGTH
        and not text[span.start : span.end].rstrip().endswith(_SENTENCE_ENDS)
    )
