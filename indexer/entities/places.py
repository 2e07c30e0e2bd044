"""The provinces and cities of Viet Nam, before and after the mergers of 1 July 2025.

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

#: Province of today and the former ones that are part of it.
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
#: The name of Hồ Chí Minh is first of all that of a man and of what is named after him.
_NEEDS_TITLE = frozenset({"hochiminh"})
_TITLES = ("provinz", "provinzen", "province", "provinces", "stadt", "city", "tinh", "thanh pho", "tp")
#: Titles that follow the name: "Ho-Chi-Minh-Stadt", "Ha Giang Province".
_LATER_TITLES = ("provinz", "province", "stadt", "city")


@dataclass(frozen=True, slots=True)
class PlaceMention:
    """A province named in a text: ``place`` in Vietnamese spelling, the span in code points."""

    place: str
    start: int
    end: int
    text: str
    has_title: bool


@cache
def _names() -> dict[str, str]:
    names = {name: name for old in MERGERS.items() for name in (old[0], *old[1])}
    return {_key(spelling): place for spelling, place in (names | _ALIASES).items()}


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", fold(unicodedata.normalize("NFC", name)))


@cache
def _pattern() -> re.Pattern[str]:
    spellings = [name for old in MERGERS.items() for name in (old[0], *old[1])] + list(_ALIASES)
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
    """The Vietnamese spelling of a province's name in any spelling, ``None`` for another name."""
    folded = fold(unicodedata.normalize("NFC", name)).strip()
    stripped = re.sub(rf"^(?:{'|'.join(_TITLES)})\.?\s+", "", folded)
    stripped = re.sub(rf"[\s-]+(?:{'|'.join(_LATER_TITLES)})$", "", stripped)
    return _names().get(_key(stripped))


def find_places(text: str) -> list[PlaceMention]:
    """Provinces named in ``text``, in reading order.

    A name counts when it is capitalised as names are, and not when it is part of a longer name such as
    "Nguyen Thai Binh" or "Ho Chi Minh" the man.
    """
    mentions = []
    for match in _pattern().finditer(fold(text)):
        start, end = match.span("name")
        written = text[start:end]
        place = _names().get(_key(written))
        titled = match["title"] is not None or match["later"] is not None
        if place is None or not written[0].isupper():
            continue
        if not titled and (_key(written) in _NEEDS_TITLE or _inside_a_name(text, start, end)):
            continue
        mentions.append(PlaceMention(place, start, end, written, titled))
    return mentions


def _inside_a_name(text: str, start: int, end: int) -> bool:
    """Whether a Vietnamese family name stands before, a middle name at most between: "Nguyen Thi Hue"."""
    word = r"([\w\u0300-\u036f]+)[\s-]+"
    before = re.search(rf"(?:{word})?{word}$", text[max(0, start - 48) : start])
    if not before or not before[2][0].isupper():
        return False
    outer, inner = (_key(found or "") for found in before.groups())
    return inner in _FAMILY_NAMES or (inner in _MIDDLE_NAMES and outer in _FAMILY_NAMES)


#: Not the rarer ones: Hà, Lâm, Thái and Cao are also the first syllables of provinces.
_FAMILY_NAMES = frozenset(fold(name) for name in COMMON_FAMILY_NAMES | {"đoàn"})
_MIDDLE_NAMES = frozenset({"thi", "van"})


def place_of_document(text: str, url: str | None = None) -> str | None:
    """The province a report is about: named with its title in the text, else by the source's address.

    The most frequent titled one wins; a tie or none at all leaves it to the address, where the name
    stands without spaces ("baohagiang.vn"). Nothing is guessed from names alone.
    """
    counts: dict[str, int] = {}
    for mention in find_places(text):
        if mention.has_title:
            counts[mention.place] = counts.get(mention.place, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    by_host = _place_in_host(url)
    if by_host is not None and (not ranked or by_host in counts):
        return by_host
    if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
        return ranked[0][0]
    return by_host


def _place_in_host(url: str | None) -> str | None:
    host = re.match(r"\w+://([^/:?#]+)", url or "")
    if not host:
        return None
    labels = re.sub(r"[^a-z.]", "", host[1].lower())
    found = [place for key, place in _names().items() if len(key) >= 5 and key in labels]
    return found[0] if len(set(found)) == 1 else None


def related_places(places: Iterable[str]) -> set[str]:
    """The given provinces with those they were merged into or that were merged into them."""
    wanted = set(places)
    related = set(wanted)
    for today, former in MERGERS.items():
        if today in wanted:
            related.update(former)
        if wanted.intersection(former):
            related.add(today)
    return related
