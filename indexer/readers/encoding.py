"""Bytes to text: UTF-8, UTF-16 and UTF-32 by their mark, UTF-8, UTF-16 by its zero bytes, Windows-1252."""

from __future__ import annotations

import codecs

from indexer.errors import SourceError

_MARKS = (
    # UTF-32's mark begins with that of UTF-16, so it comes first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = frozenset(chr(code) for code in range(32)) - frozenset("\t\n\r\f\v\x1a")


def decode(data: bytes) -> str:
    """Decode a text file.

    Windows-1252 takes almost any bytes, so it comes last and only where the result looks like text.

    Raises:
        SourceError: the bytes are of none of these encodings, most likely no text at all.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    guesses = ["utf-8", "windows-1252"]
    zeros_even, zeros_odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
    if max(zeros_even, zeros_odd) * 4 > min(len(data), 4096):
        guesses = ["utf-16-le" if zeros_odd > zeros_even else "utf-16-be"]
    for encoding in guesses:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROLS.intersection(text):
            return text
        if encoding == "utf-8":
            # Valid UTF-8 with stray control characters: cleaning removes them, unless there are many.
            if sum(character in _CONTROLS for character in text) * 100 <= len(text):
                return text
            break
    raise SourceError("not a text in UTF-8, UTF-16 or Windows-1252")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(f"marked as {encoding} but broken at byte {error.start}") from error
