"""Passages: whole sentences of one paragraph or section, grouped to a size the model reads well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

from indexer.documents import Passage, Sentence
from indexer.text.sentence_splitter import split_sentences
from indexer.text.spans import Span

#: First of the code points that stand for sentences while they are grouped (private use plane 15).
_TOKEN = 0xF0000
_TOKENS = 0xFFFE
_SENTENCE_ENDS = (".", "!", "?", "…", "“", "”", '"', "»", ")")
_HEADING_LENGTH = 120
#: Characters of a sentence, about the window of the model: beyond it a vector would silently miss the rest.
#: What is longer is a list or a table without full stops, and is cut where it may be, at best after a ";".
LONGEST_SENTENCE = 1600
_CUTS = ["; ", ": ", ", ", " ", ""]

#: What a passage may join: the sentences of one paragraph, or also whole paragraphs under one heading.
Grouping = Literal["paragraph", "section"]


@dataclass(frozen=True, slots=True)
class Chunking:
    """How texts become passages. Sizes are in characters.

    ``overlap``, less than ``size``, is how much of a passage may be said again at the beginning of the next
    one, in whole sentences; it counts towards the size and never goes beyond a paragraph or section.
    """

    size: int = 1200
    overlap: int = 0
    grouping: Grouping = "paragraph"


class _SentenceGrouper(TextSplitter):
    """langchain's merging of splits, over sentences instead of strings.

    Each sentence stands as one private-use character whose length is that of its sentence: so the
    library decides what goes together, and what comes back are exact sentence numbers, not texts that
    would have to be looked for again.
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
        return _length([self._sentences[ord(token) - _TOKEN] for token in tokens], self._chunk_size)

    def split_text(self, text: str) -> list[str]:
        return self._merge_splits(list(text), "")

    def groups(self) -> list[range]:
        """Sentence numbers of each group."""
        tokens = "".join(chr(_TOKEN + number) for number in range(len(self._sentences)))
        return [
            range(ord(group[0]) - _TOKEN, ord(group[-1]) - _TOKEN + 1) for group in self.split_text(tokens)
        ]


def split_document(text: str, chunking: Chunking | None = None) -> tuple[list[Sentence], list[Passage]]:
    """Sentences and passages of a canonical text, both in reading order.

    Headings and lead-ins that end in a colon go with the paragraph that follows.
    ``text[passage.start:passage.end]`` begins and ends with whole sentences, or with pieces of one that is
    longer than ``LONGEST_SENTENCE``. Every sentence is in a passage, with an overlap perhaps in several;
    each passage begins and ends after the one before it.
    """
    chunking = chunking or Chunking()
    spans = [piece for span in split_sentences(text) for piece in _cut(text, span)]
    sentences = [Sentence(span.start, span.end, _is_heading(text, span)) for span in spans]
    passages = [
        Passage(sentences[group[0]].start, sentences[group[-1]].end, group[0], group[-1])
        for group in _groups(text, sentences, chunking)
    ]
    return sentences, passages


def _groups(text: str, sentences: Sequence[Sentence], chunking: Chunking) -> list[range]:
    """Sentence numbers of each passage.

    By section, a paragraph joins the passage before it where it fits as a whole: only what is longer than
    a passage is divided.
    """
    groups: list[range] = []
    for block in _blocks(text, sentences):
        low = block.start
        inside = sentences[block.start : block.stop]
        goes_on = chunking.grouping == "section" and not any(sentence.is_heading for sentence in inside)
        if groups and goes_on:
            begun = groups[-1].start
            if _length(sentences[begun : block.stop], chunking.size) <= chunking.size:
                groups[-1] = range(begun, block.stop)
                continue
            low = _overlap_start(groups[-1], inside, sentences, chunking)
        grouper = _SentenceGrouper(chunking, sentences[low : block.stop])
        groups += [range(low + group.start, low + group.stop) for group in grouper.groups()]
    return groups


def _overlap_start(
    before: range, block: Sequence[Sentence], sentences: Sequence[Sentence], chunking: Chunking
) -> int:
    """The first sentence of the passage before that a paragraph's passage says again, if any does.

    What is said again may take room from the paragraph only where that is divided anyway, and even then
    leaves room for its first sentence: a passage that said nothing new would be none.
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
    """Characters of sentences with a blank after each."""
    # A sentence longer than a passage is a passage of its own; the library would log each of them.
    return sum(min(sentence.end - sentence.start + 1, size) for sentence in sentences)


def _cut(text: str, span: Span) -> Iterator[Span]:
    """A sentence as it is, or what it is cut into when it is too long; only white space is lost."""
    if span.end - span.start <= LONGEST_SENTENCE:
        yield span
        return
    splitter = RecursiveCharacterTextSplitter(
        _CUTS, keep_separator="end", chunk_size=LONGEST_SENTENCE, chunk_overlap=0, strip_whitespace=False
    )
    start = span.start
    for piece in splitter.split_text(text[span.start : span.end]):
        stripped = piece.strip()
        if stripped:
            first = start + piece.index(stripped)
            yield Span(first, first + len(stripped))
        start += len(piece)


def _blocks(text: str, sentences: Sequence[Sentence]) -> list[range]:
    """Sentence numbers by topic: those of one line, with the headings and lead-ins before it."""
    starts: list[int] = []
    open_block = False
    for number, sentence in enumerate(sentences):
        new_line = number == 0 or "\n" in text[sentences[number - 1].end : sentence.start]
        if not starts or number - starts[-1] >= _TOKENS or (new_line and not open_block):
            starts.append(number)
        open_block = sentence.is_heading or text[sentence.end - 1] == ":"
    return [range(low, high) for low, high in pairwise([*starts, len(sentences)])]


def _is_heading(text: str, span: Span) -> bool:
    """Whether a sentence fills its line, is short and has no sentence end: a title, never a statement."""
    alone = (span.start == 0 or text[span.start - 1] == "\n") and (
        span.end == len(text) or text[span.end] == "\n"
    )
    return (
        alone
        and span.end - span.start <= _HEADING_LENGTH
        and not text[span.start : span.end].rstrip().endswith(_SENTENCE_ENDS)
    )
