"""Decoding of text files."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import SourceError
from indexer.sources.encoding import decode

TEXT = "Größere Mängel der Resolution „57“ in Hà Giang – 98 % …\n"
GERMAN = "Größere Mängel der Resolution „57“ – 98 % …\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
        codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
    ],
    ids=["utf8", "utf8-bom", "utf16", "utf16le-bom", "utf16be-bom", "utf16le", "utf16be", "32le", "32be"],
)
def test_a_text_is_read_in_every_unicode_encoding(data: bytes) -> None:
    assert decode(data) == TEXT


@pytest.mark.parametrize("text", [GERMAN, "Sie sagte „Spaß“ und ging über die Straße.", "für", "€", "plain"])
def test_a_text_is_read_in_windows_1252(text: str) -> None:
    assert decode(text.encode("windows-1252")) == text


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff"), min_size=1))
def test_any_text_in_utf8_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode("utf-8")) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)) * 4, "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\xe8", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00\x01\x02", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x01\x02\x03 text", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\x8d\x90 text", "not a text in UTF-8, UTF-16 or Windows-1252"),
        (b"\xff\xfea\0b", "marked as utf-16 but damaged at byte 4"),
        ("Mängel für die Provinz Hà".encode()[:-1], "UTF-8 but damaged at byte 26"),
    ],
)
def test_bytes_that_are_not_a_text_are_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert str(caught.value) == reason
