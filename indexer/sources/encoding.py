"""Decoding of text files: UTF-8, UTF-16, UTF-32 and Windows-1252."""

from __future__ import annotations

import codecs
import unicodedata

from indexer.errors import SourceError

_BYTE_ORDER_MARKS = (
    # The mark of UTF-32 begins with that of UTF-16, so it comes first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = frozenset(chr(code) for code in range(32)) - frozenset("\t\n\r\f\v\x1a")


def decode(data: bytes) -> str:
    """The text of a file.

    The encoding is that of the byte order mark, else UTF-16 if many bytes are zero, else UTF-8. Windows-1252,
    which fits almost any bytes, comes last, and only if the result looks like text.

    Raises:
        SourceError: none of these encodings fits, most likely the file is not a text.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
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
            # Windows-1252 hardly ever looks like UTF-8: this is damaged UTF-8, and as Windows-1252 every
            # non-ASCII letter of it would be wrong.
            raise SourceError(f"UTF-8 but damaged at byte {error.start}") from error
        return _plausible(data, "windows-1252")
    # Cleaning removes single control characters, but a file with many of them is not a text.
    if sum(character in _CONTROLS for character in text) * 100 > len(text):
        raise _not_a_text()
    return text


def has_controls(name: str) -> bool:
    """True if a name has line breaks, control characters, or bytes that are not UTF-8."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name)


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(f"marked as {encoding} but damaged at byte {error.start}") from error


def _plausible(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_a_text() from error
    if _CONTROLS.intersection(text):
        raise _not_a_text()
    return text


def _not_a_text() -> SourceError:
    return SourceError("not a text in UTF-8, UTF-16 or Windows-1252")
