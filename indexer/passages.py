"""Passages: whole sentences of one paragraph, grouped to a size the model reads well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

from indexer.documents import Passage, Sentence, Span
from indexer.sentences import split_sentences

#: First of the code points that stand for sentences while they are grouped (private use plane 15).
_TOKEN = 0xF0000
_TOKENS = 0xFFFE
_SENTENCE_ENDS = (".", "!", "?", "…", "“", "”", '"', "»", ")")
_HEADING_LENGTH = 120
#: Characters of a sentence, about the window of the model: beyond it a vector would silently miss the rest.
#: What is longer is a list or a table without full stops, and is cut where it may be, at best after a ";".
LONGEST_SENTENCE = 1600
_CUTS = ["; ", ": ", ", ", " ", ""]


@dataclass(frozen=True, slots=True)
class Chunking:
    """Sizes in characters; ``overlap`` is how much of a passage may be said again in the next one."""

    size: int = 1200
    overlap: int = 0


class _SentenceGrouper(TextSplitter):
    """langchain's merging of splits, over sentences instead of strings.

    Each sentence stands as one private-use character whose length is that of its sentence: so the
    library decides what goes together, and what comes back are exact sentence numbers, not texts that
    would have to be looked for again.
    """

    def __init__(self, chunking: Chunking, sentences: Sequence[Span]) -> None:
        self._sentences = sentences
        super().__init__(
            chunk_size=chunking.size,
            chunk_overlap=chunking.overlap,
            length_function=self._length,
            strip_whitespace=False,
        )

    def _length(self, tokens: str) -> int:
        chosen = [self._sentences[ord(token) - _TOKEN] for token in tokens]
        # A sentence longer than a passage is a passage of its own; the library would log each of them.
        return sum(min(span.end - span.start + 1, self._chunk_size) for span in chosen)

    def split_text(self, text: str) -> list[str]:
        return self._merge_splits(list(text), "")

    def groups(self) -> list[tuple[int, int]]:
        """First and last sentence number of each group."""
        tokens = "".join(chr(_TOKEN + number) for number in range(len(self._sentences)))
        return [(ord(group[0]) - _TOKEN, ord(group[-1]) - _TOKEN) for group in self.split_text(tokens)]


def split_document(text: str, chunking: Chunking | None = None) -> tuple[list[Sentence], list[Passage]]:
    """Sentences and passages of a canonical text, both in reading order.

    A passage stays within one paragraph; headings and lead-ins that end in a colon go with the paragraph
    that follows. ``text[passage.start:passage.end]`` begins and ends with whole sentences, or with pieces of
    one that is longer than ``LONGEST_SENTENCE``.
    """
    chunking = chunking or Chunking()
    spans = [piece for span in split_sentences(text) for piece in _cut(text, span)]
    sentences: list[Sentence] = []
    passages: list[Passage] = []
    for block in _blocks(text, spans):
        first = len(sentences)
        sentences += [Sentence(span.start, span.end, _is_heading(text, span)) for span in block]
        for low, high in _SentenceGrouper(chunking, block).groups():
            passages.append(Passage(block[low].start, block[high].end, first + low, first + high))
    return sentences, passages


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


def _blocks(text: str, spans: Sequence[Span]) -> list[list[Span]]:
    """Sentences by topic: those of one line, with the headings before it."""
    blocks: list[list[Span]] = []
    open_block = False
    for number, span in enumerate(spans):
        new_line = number == 0 or "\n" in text[spans[number - 1].end : span.start]
        if not blocks or len(blocks[-1]) >= _TOKENS or (new_line and not open_block):
            blocks.append([])
        blocks[-1].append(span)
        open_block = _is_heading(text, span) or text[span.end - 1] == ":"
    return blocks


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
