"""Provinces, their names and mentions."""

import time
import unicodedata
from typing import Literal

import pytest

from indexer.entities.places import MERGERS, canonical_place, find_places, place_of_document, related_places

PROVINCES = sorted({name for today, former in MERGERS.items() for name in (today, *former)})


def places(text: str) -> list[str]:
    return [mention.place for mention in find_places(text)]


def test_there_were_63_provinces_and_are_34() -> None:
    assert (len(PROVINCES), len(MERGERS)) == (63, 34)


@pytest.mark.parametrize("province", PROVINCES)
def test_a_province_is_known_by_any_spelling_of_its_name(province: str) -> None:
    plain = "".join(c for c in unicodedata.normalize("NFD", province) if not unicodedata.combining(c))
    plain = plain.replace("đ", "d").replace("Đ", "D")
    spellings = [
        province,
        plain,
        plain.replace(" ", "-"),
        plain.replace(" ", ""),
        province.upper(),
        unicodedata.normalize("NFD", province),
        f"Provinz {plain}",
        f"tỉnh {province}",
        f"{plain} Province",
    ]
    assert {canonical_place(spelling) for spelling in spellings} == {province}


@pytest.mark.parametrize("name", ["", "Berlin", "Ha", "Giang", "Provinz", "Ha Giang und Ca Mau"])
def test_another_name_is_not_a_province(name: str) -> None:
    assert canonical_place(name) is None


@pytest.mark.parametrize(
    "text",
    ["a" + " -" * 50_000 + "x", "tinh" + " " * 100_000, "Hue" + " -" * 50_000, "h" + "\u0301" * 100_000],
)
def test_long_runs_of_separators_and_marks_are_read_in_linear_time(text: str) -> None:
    began = time.perf_counter()
    canonical_place(text)
    find_places(text)
    # In quadratic time: minutes.
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("alias", "place"),
    [
        ("Saigon", "Hồ Chí Minh"),
        ("Sài Gòn", "Hồ Chí Minh"),
        ("TP.HCM", "Hồ Chí Minh"),
        ("TP. Hồ Chí Minh", "Hồ Chí Minh"),
        ("Ho-Chi-Minh-Stadt", "Hồ Chí Minh"),
        ("Ho Chi Minh City", "Hồ Chí Minh"),
        ("Hanoi", "Hà Nội"),
        ("Thua Thien Hue", "Huế"),
        ("Daklak", "Đắk Lắk"),
        ("Hoà Bình", "Hòa Bình"),
        ("Ba Ria-Vung Tau", "Bà Rịa - Vũng Tàu"),
    ],
)
def test_an_alias_is_known(alias: str, place: str) -> None:
    assert canonical_place(alias) == place
    assert places(f"Die Arbeit in {alias}, wie berichtet.") == [place]


@pytest.mark.parametrize("text", ["Hà Giang", "Ha Giang", "Ha-Giang", "Hagiang", "HÀ GIANG", "Ha\u2011Giang"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_place_is_found_with_its_span(text: str, form: Literal["NFC", "NFD"]) -> None:
    written = unicodedata.normalize(form, text)
    whole = f"Aus {written}: nichts Neues"
    (mention,) = find_places(whole)
    assert mention.place == "Hà Giang"
    assert whole[mention.start : mention.end] == mention.text == written


def test_places_come_in_reading_order() -> None:
    assert places("Von Ca Mau über Huế nach Ha Giang.") == ["Cà Mau", "Huế", "Hà Giang"]


@pytest.mark.parametrize(
    "text",
    [
        "Genosse Nguyen Thai Binh sprach.",
        "Genossin Nguyễn Thị Huế sprach.",
        unicodedata.normalize("NFD", "Genossin Nguyễn Thị Huế sprach."),
        "Tran Van Long An leitete die Sitzung.",
        "Die Ideologie Ho Chi Minhs und Ho Chi Minh selbst.",
        "Nach dem Vorbild von Hồ Chí Minh lernen.",
        "ein langer anlauf, ha giang klein geschrieben",
        "Haggiang, Ha Giangs",
    ],
)
def test_a_personal_name_or_another_word_is_not_a_place(text: str) -> None:
    assert places(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Die Provinz Ha Giang berichtete.",
        "tỉnh Hà Giang",
        "Tỉnh Hà Giang",
        "the province of Ca Mau and Ha Giang Province",
        "Ha-Giang-Provinz",
        "Stadt Ha Giang",
        "TP. Hà Giang",
    ],
)
def test_a_title_beside_the_name_is_found(text: str) -> None:
    assert [m.place for m in find_places(text) if m.has_title] == ["Hà Giang"]


@pytest.mark.parametrize(
    "text", ["Ha Giang", "In Ha Giang", "Ha Giang Provinzparteikomitee", "Nordprovinz Ha Giang"]
)
def test_a_name_without_a_title_has_none(text: str) -> None:
    assert [m.has_title for m in find_places(text)] == [False]


def test_a_title_makes_a_personal_name_a_place() -> None:
    assert places("Tran, Provinz Thai Binh; Thành phố Hồ Chí Minh; Ho Chi Minh City") == [
        "Thái Bình",
        "Hồ Chí Minh",
        "Hồ Chí Minh",
    ]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://baohagiang.vn/thoi-su", "Hà Giang"),
        ("http://btgtu.camau.dcs.vn:8080/a", "Cà Mau"),
        ("https://BaoQuangTri.vn", "Quảng Trị"),
        ("https://ha-giang.gov.vn/", "Hà Giang"),
        ("https://vnexpress.net/ha-giang", None),
        ("https://hue.gov.vn", None),
        ("https://hagiang-camau.vn", None),
        ("baohagiang.vn", None),
        ("", None),
        (None, None),
    ],
)
def test_the_host_of_a_url_names_the_place(url: str | None, place: str | None) -> None:
    assert place_of_document("Ein Satz.", url) == place


@pytest.mark.parametrize(
    ("asked", "related"),
    [
        ({"Hà Giang"}, {"Hà Giang", "Tuyên Quang"}),
        ({"Tuyên Quang"}, {"Tuyên Quang", "Hà Giang"}),
        ({"Lâm Đồng"}, {"Lâm Đồng", "Đắk Nông", "Bình Thuận"}),
        ({"Đắk Nông"}, {"Đắk Nông", "Lâm Đồng"}),
        ({"Nghệ An"}, {"Nghệ An"}),
        ({"Berlin"}, {"Berlin"}),
        (set(), set()),
    ],
)
def test_mergers_relate_provinces_both_ways(asked: set[str], related: set[str]) -> None:
    assert related_places(asked) == related
