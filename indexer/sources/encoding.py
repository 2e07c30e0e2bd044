"""Bytes to text: UTF-8, UTF-16 and UTF-32 by their mark, UTF-8, UTF-16 by its zero bytes, Windows-1252."""

from __future__ import annotations

import codecs
import unicodedata

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
    zeros_even, zeros_odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
    if max(zeros_even, zeros_odd) * 4 > min(len(data), 4096):
        return _plausible(data, "utf-16-le" if zeros_odd > zeros_even else "utf-16-be")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        kept = data.decode("utf-8", "ignore")
        broken = data.decode("utf-8", "replace").count("\ufffd")
        if sum(character > "\x7f" for character in kept) > broken:
            # Windows-1252 hardly ever looks like UTF-8: this is UTF-8 with a hole, and every letter of it
            # would come out wrong.
            raise SourceError(f"UTF-8 but broken at byte {error.start}") from error
        return _plausible(data, "windows-1252")
    # Stray control characters are removed by cleaning, but many of them are no text.
    if sum(character in _CONTROLS for character in text) * 100 > len(text):
        raise _no_text()
    return text


def has_controls(name: str) -> bool:
    """Whether a name holds line breaks, control characters, or bytes of a file name that are no UTF-8."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(f"marked as {encoding} but broken at byte {error.start}") from error


def _plausible(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_text() from error
    if _CONTROLS.intersection(text):
        raise _no_text()
    return text


def _no_text() -> SourceError:
    return SourceError("not a text in UTF-8, UTF-16 or Windows-1252")
