"""Metadata of a document: title, date, URL, place, language, references."""

from __future__ import annotations

import re
import unicodedata

from indexer.analysis.language_detection import detect_language
from indexer.documents import Document, RawDocument, text_digest
from indexer.entities.dates import DATE, first_date, iso_date
from indexer.entities.places import canonical_place, place_of_document
from indexer.entities.references import find_references
from indexer.errors import SourceError
from indexer.preprocessing.cleaning import clean, fold_line, headings

#: Characters of a title made from the text.
_TITLE_LENGTH = 100
#: Characters of a text that are enough to detect its language.
_LANGUAGE_LENGTH = 2000
# Possessive: a run of white space is read once.
_URL = re.compile(r"(?:quellen?|sources?|nguồn)\s*+:?+\s*+(https?://\S++)", re.IGNORECASE)
#: Text before the date that a report opens with, perhaps with an agency's mark: "Am Nachmittag des
#: 25. April", "BHG – Sáng 31/10/2024". A date further inside may be that of the act that the report is about.
_OPENING = re.compile(
    r"""(?:(?-i:\(?[A-ZĐ]{2,8}\)?)\s[-–—]\s+)?
        (?: am\s+(?:\w+,?\s+(?:(?:des|dem|den|vom)\s+)?)? | heute(?:\s+\w+)?\s*\(
          | on\s+(?:the\s+\w+\s+of\s+|\w+,\s+)? | (?:(?:sáng|chiều|tối)(?:\s+nay)?\s*)?(?:ngày\s+|\()? )""",
    re.IGNORECASE | re.VERBOSE,
)
_YEAR = re.compile(r"(?<![\d.,–-])(?:19|20)\d{2}(?![\d–-])")
#: A past period, which gives the year, unlike a target ("bis 2030") or the date of an act.
_PERIOD = re.compile(
    r"(?:quartals?|halbjahre?s?|monaten?|quarter|half|months|quý\s+\w+|tháng(?:\s+đầu)?)"
    r"\s+(?:des\s+jahres\s+|of\s+|đầu\s+)?(?:năm\s+)?(?P<year>(?:19|20)\d{2})(?!\d)",
    re.IGNORECASE,
)


def to_document(raw: RawDocument) -> Document:
    """The cleaned document of a raw one, with its metadata.

    Fields that the source states (``title``, ``date`` or ``published``, ``place``, ``url`` or ``source``)
    take precedence over the text.

    Raises:
        SourceError: nothing is left after cleaning, or a stated date is not a date.
    """
    text = clean(raw.text, raw.media_type)
    if not text:
        raise SourceError("empty after cleaning")
    url = _url(raw)
    place = fold_line(raw.fields.get("place", ""))
    return Document(
        document_id=raw.document_id,
        text=text,
        title=_title(raw, text),
        sha256=text_digest(text),
        language=detect_language(text[:_LANGUAGE_LENGTH]),
        url=url,
        published=_published(raw, text),
        place=(canonical_place(place) or place) if place else place_of_document(text, url),
        references=tuple(find_references(text)),
    )


def _title(raw: RawDocument, text: str) -> str:
    stated = fold_line(raw.fields.get("title", ""))
    if stated:
        return stated
    found = headings(raw.text, text) if raw.media_type == "text/markdown" else []
    if found:
        return found[0]
    # Without a headline, the first words.
    opening = text.split("\n", 1)[0]
    if len(opening) <= _TITLE_LENGTH:
        return opening
    return opening[:_TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"


def _url(raw: RawDocument) -> str | None:
    for field in ("url", "source"):
        stated = fold_line(raw.fields.get(field, ""))
        if stated.startswith(("http://", "https://")):
            return stated
    found = _URL.findall(raw.text)
    # Without control and direction characters: a URL is also shown on terminals.
    return fold_line(found[-1]) if found else None


def _published(raw: RawDocument, text: str) -> str | None:
    for field in ("published", "date"):
        stated = fold_line(raw.fields.get(field, ""))
        if stated:
            date = first_date(stated)
            if date is None:
                raise SourceError(f'field "{field}" is not a date: {stated!r}')
            return date
    for line in raw.text.splitlines()[:5]:
        # A line with only a time stamp is the date of the page.
        if len(line) <= 40 and re.fullmatch(r"[\d\s:.,/-]*(?:uhr)?[\d\s:.,/-]*", line.strip(), re.IGNORECASE):
            date = first_date(line)
            if date:
                return date
    return _opening_date(text)


def _opening_date(text: str) -> str | None:
    """The date that a report opens with, or ``None``.

    A date without a year is in the year of the only period that the paragraph names.
    """
    paragraph = unicodedata.normalize("NFC", text.split("\n", 1)[0])
    match = DATE.search(paragraph[:300])
    if match is None or not _OPENING.fullmatch(paragraph[: match.start()]):
        return None
    years = set(_YEAR.findall(paragraph))
    period = _PERIOD.search(paragraph)
    return iso_date(match, int(period["year"]) if period and years == {period["year"]} else None)
