"""Provinces and cities of Viet Nam, before and after the mergers of 1 July 2025, and mentions of them.

Source: Resolution 202/2025/QH15 of the National Assembly on the arrangement of provincial-level units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from indexer.entities.persons import COMMON_FAMILY_NAMES
from indexer.text.normalization import fold

#: Provinces of today with the former ones merged into them.
MERGERS: dict[str, tuple[str, ...]] = {
    "Hà Nội": (),
    "Huế": (),
    "Hải Phòng": ("Hải Dương",),
    "Đà Nẵng": ("Quảng Nam",),
    "Hồ Chí Minh": ("Bình Dương", "Bà Rịa - Vũng Tàu"),
    "Cần Thơ": ("Sóc Trăng", "Hậu Giang"),
    "Cao Bằng": (),
    "Điện Biên": (),
    "Hà Tĩnh": (),
    "Lai Châu": (),
    "Lạng Sơn": (),
    "Nghệ An": (),
    "Quảng Ninh": (),
    "Sơn La": (),
    "Thanh Hóa": (),
    "An Giang": ("Kiên Giang",),
    "Bắc Ninh": ("Bắc Giang",),
    "Cà Mau": ("Bạc Liêu",),
    "Đắk Lắk": ("Phú Yên",),
    "Đồng Nai": ("Bình Phước",),
    "Đồng Tháp": ("Tiền Giang",),
    "Gia Lai": ("Bình Định",),
    "Hưng Yên": ("Thái Bình",),
    "Khánh Hòa": ("Ninh Thuận",),
    "Lâm Đồng": ("Đắk Nông", "Bình Thuận"),
    "Lào Cai": ("Yên Bái",),
    "Ninh Bình": ("Hà Nam", "Nam Định"),
    "Phú Thọ": ("Vĩnh Phúc", "Hòa Bình"),
    "Quảng Ngãi": ("Kon Tum",),
    "Quảng Trị": ("Quảng Bình",),
    "Tây Ninh": ("Long An",),
    "Thái Nguyên": ("Bắc Kạn",),
    "Tuyên Quang": ("Hà Giang",),
    "Vĩnh Long": ("Bến Tre", "Trà Vinh"),
}
_ALIASES = {
    "Hanoi": "Hà Nội",
    "Haiphong": "Hải Phòng",
    "Danang": "Đà Nẵng",
    "Saigon": "Hồ Chí Minh",
    "Sài Gòn": "Hồ Chí Minh",
    "TP.HCM": "Hồ Chí Minh",
    "TPHCM": "Hồ Chí Minh",
    "Thừa Thiên Huế": "Huế",
    "Thừa Thiên - Huế": "Huế",
    "Dak Lak": "Đắk Lắk",
    "Daklak": "Đắk Lắk",
    "Dak Nong": "Đắk Nông",
    "Bà Rịa Vũng Tàu": "Bà Rịa - Vũng Tàu",
    "Bà Rịa-Vũng Tàu": "Bà Rịa - Vũng Tàu",
    "Hoà Bình": "Hòa Bình",
    "Thanh Hoá": "Thanh Hóa",
    "Khánh Hoà": "Khánh Hòa",
}
#: The name of Hồ Chí Minh is more often that of the man and of things named after him.
_NEEDS_TITLE = frozenset({"hochiminh"})
_TITLES = ("provinz", "provinzen", "province", "provinces", "stadt", "city", "tinh", "thanh pho", "tp")
#: Titles that follow the name: "Ho-Chi-Minh-Stadt", "Ha Giang Province".
_LATER_TITLES = ("provinz", "province", "stadt", "city")
_TITLE = re.compile(rf"\A(?:{'|'.join(_TITLES)})\.?\s+")
#: Not the rarer ones: Hà, Lâm, Thái and Cao are also the first syllables of provinces.
_FAMILY_NAMES = frozenset(fold(name) for name in COMMON_FAMILY_NAMES | {"đoàn"})
_MIDDLE_NAMES = frozenset({"thi", "van"})


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A province named in a text: ``place`` in Vietnamese spelling, the span in code points.

    ``has_title``: "province", "city" or the like stands beside the name.
    """

    place: str
    start: int
    end: int
    text: str
    has_title: bool


def _provinces() -> list[str]:
    return [name for today, former in MERGERS.items() for name in (today, *former)]


@cache
def _places_by_key() -> dict[str, str]:
    names = {name: name for name in _provinces()} | _ALIASES
    return {_key(spelling): place for spelling, place in names.items()}


def _key(name: str) -> str:
    """A name in any spelling as its folded letters alone."""
    return re.sub(r"[\W_]+", "", fold(unicodedata.normalize("NFC", name)))


@cache
def _pattern() -> re.Pattern[str]:
    spellings = [*_provinces(), *_ALIASES]
    # Between syllables: a space, a hyphen or nothing at all; a syllable may carry combining marks.
    mark = r"[\u0300-\u036f]*"
    bodies = {
        r"[\s.\u2010-\u2015-]{0,3}".join(
            "".join(re.escape(letter) + mark for letter in syllable)
            for syllable in re.findall(r"\w+", fold(name))
        )
        for name in spellings
    }
    alternatives = "|".join(sorted(bodies, key=len, reverse=True))
    titles = "|".join(_TITLES)
    return re.compile(
        rf"(?<!\w)(?:(?P<title>{titles})\.?\s+)?(?P<name>{alternatives})(?![\w\u0300-\u036f])"
        rf"(?:(?=(?P<later>[\s-]+(?:{'|'.join(_LATER_TITLES)})(?!\w))))?"
    )


def canonical_place(name: str) -> str | None:
    """The Vietnamese spelling of the name of a province in any spelling, or ``None``; in linear time."""
    folded = fold(unicodedata.normalize("NFC", name)).strip()
    stripped = _TITLE.sub("", folded, count=1)
    # Taken off the end without a pattern, which would begin anew in each space of a long run of them.
    for title in _LATER_TITLES:
        before = stripped.removesuffix(title)
        if before != stripped and (before.endswith("-") or before[-1:].isspace()):
            return _places_by_key().get(_key(before))
    return _places_by_key().get(_key(stripped))


def find_places(text: str) -> list[PlaceMention]:
    """The provinces that a text names, in reading order.

    A name counts if it is capitalised and no part of a personal name such as "Nguyen Thai Binh". "Ho Chi
    Minh" counts only with a title.
    """
    mentions = []
    for match in _pattern().finditer(fold(text)):
        start, end = match.span("name")
        name = text[start:end]
        place = _places_by_key().get(_key(name))
        has_title = match["title"] is not None or match["later"] is not None
        if place is None or not name[0].isupper():
            continue
        if not has_title and (_key(name) in _NEEDS_TITLE or _is_in_personal_name(text, start, end)):
            continue
        mentions.append(PlaceMention(place, start, end, name, has_title))
    return mentions


def _is_in_personal_name(text: str, start: int, end: int) -> bool:
    """True after a Vietnamese family name, with at most a middle name between them: "Nguyen Thi Hue"."""
    word = r"([\w\u0300-\u036f]+)[\s-]+"
    before = re.search(rf"(?:{word})?{word}$", text[max(0, start - 48) : start])
    if not before or not before[2][0].isupper():
        return False
    outer, inner = (_key(found or "") for found in before.groups())
    return inner in _FAMILY_NAMES or (inner in _MIDDLE_NAMES and outer in _FAMILY_NAMES)


def place_of_document(text: str, url: str | None = None) -> str | None:
    """The province that a report is about, or ``None``.

    The host of the URL ("baohagiang.vn") decides if the text names its province with a title too ("Provinz
    Hà Giang"), or no province, or several equally often. Otherwise it is the one named most often with a
    title. Names without a title do not count.
    """
    counts: dict[str, int] = {}
    for mention in find_places(text):
        if mention.has_title:
            counts[mention.place] = counts.get(mention.place, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    host_place = _place_in_host(url)
    if host_place is not None and (not ranked or host_place in counts):
        return host_place
    if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0]
    return host_place


def _place_in_host(url: str | None) -> str | None:
    host = re.match(r"\w+://([^/:?#]+)", url or "")
    if not host:
        return None
    labels = re.sub(r"[^a-z.]", "", host[1].lower())
    found = [place for key, place in _places_by_key().items() if len(key) >= 5 and key in labels]
    return found[0] if len(set(found)) == 1 else None


def related_places(places: Iterable[str]) -> set[str]:
    """The given places, the provinces they were merged into, and those that were merged into them."""
    wanted = set(places)
    related = set(wanted)
    for today, former in MERGERS.items():
        if today in wanted:
            related.update(former)
        if wanted.intersection(former):
            related.add(today)
    return related
