"""Cases: committed seeds, and texts that hypothesis builds from repeated fragments.

A case is a list of fragments with counts. That reaches what is slow for long repetitions, and is short to
record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Case = list[tuple[str, int]]

SEEDS = Path(__file__).with_name("seeds.jsonl")
#: Fragments that the patterns of this project look for, or stumble over.
FRAGMENTS = (
    " ", "\n", "\n\n", "\t", "\r\n", "\x00", "\x85", "\u2028", "\ufeff", "\xad", "\u202e", "\u0301",
    "\ud800", "a", "A", "Đ", "ß", "İ", "ﬁ", "永", "𝔸", "0", "9", "٣", "²", "½", ".", ",", ";", ":", "-",
    "–", "…", "/", "\\", "(", ")", "[", "]", "](", "![", "<", ">", "<!--", "-->", "<a href=", "&amp;",
    "&#", "*", "_", "`", "|", "#", "> ", "---\n", "title: ", "date: ", "- ", "{", "}", '"', "'", "&a ",
    "*a", "!!timestamp ", "? ", '{"_id": "1", ', '"text": "', "\\ud800", "\\u0000", "http://",
    "https://a.b/", "www.", "@", "mailto:", "Quelle: ", "%E1%BA%A0", "Resolution ", "Beschluss ",
    "Nghị quyết ", "số ", "Nr. ", "No. ", "57", "57-NQ/TW", "157", "/2024", "-CT/TW", "Richtlinie ",
    "Chỉ thị ", "Conclusion ", " und ", " and ", " và ", ", ", "des Politbüros ", "of the ", "không",
    "Hà Giang", "Ha Giang", "Ha-", "TP. Hồ Chí Minh", "Provinz ", "tỉnh ", "Bà Rịa - Vũng Tàu",
    "Nguyễn ", "Herr ", "12.03.2024", "2024-02-30", "ngày 5 tháng 3 năm 2024", "März ", "tháng ",
    "quý IV ", "1. Quartal ", "31/12", "first six months of ", "2024", "20", "bis ", "Welche Mängel ",
    "gab es ", "what ", "những hạn chế ", "wie viele ", "z. B. ", "Dr. ", "usw. ", "1. ", "a) ", "!",
    "?", "“", "„", "Foto: ", "Kommentar (0)", "[Anzeige_2]", "*Bild: ",
)  # fmt: skip
#: Characters of a case; of a question, the service allows 2,000.
_MAX_TEXT, _MAX_QUESTION = 12_000, 2_000


def text_of(case: Case) -> str:
    """The text of a case."""
    return "".join(fragment * count for fragment, count in case)


def seeds(target: str) -> list[Case]:
    """The committed cases for a target."""
    rows = map(json.loads, SEEDS.read_text("utf-8").splitlines())
    return [[(text, count) for text, count in row["case"]] for row in rows if target in row["targets"]]


def generated(count: int, number: int, question: bool) -> list[Case]:
    """New cases, the same ones for the same number.

    Args:
        question: of the length of a question.
    """
    longest = _MAX_QUESTION if question else _MAX_TEXT
    fragment = st.sampled_from(FRAGMENTS) | st.text(max_size=6)
    repeated = st.just(1) | st.integers(1, 8) | st.integers(1, longest // 2)
    cases: list[Case] = []

    @seed(number)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(fragment, repeated), min_size=1, max_size=12))
    def collect(case: Case) -> None:
        cases.append(list(_cut(case, longest)))

    collect()
    return cases


def _cut(case: Case, longest: int) -> Iterator[tuple[str, int]]:
    left = longest
    for fragment, count in case:
        fitting = min(count, left // max(len(fragment), 1))
        if fitting:
            yield fragment, fitting
        left -= fitting * len(fragment)
