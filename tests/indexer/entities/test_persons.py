"""Vietnamese personal names."""

import unicodedata

import pytest

from indexer.entities.persons import find_persons


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Wer ist Nguyễn Hoài Anh?", ("Nguyễn Hoài Anh",)),
        ("Wer ist Nguyen Hoai Anh?", ("Nguyen Hoai Anh",)),
        ("What did Pham Minh Luyen demand?", ("Pham Minh Luyen",)),
        ("Đồng chí Lê Minh Hưng nói gì?", ("Lê Minh Hưng",)),
        ("Đặng Văn Minh und Tô Lâm", ("Đặng Văn Minh", "Tô Lâm")),
        ("Was sagte Tran Thi Thu Ha dazu?", ("Tran Thi Thu Ha",)),
    ],
)
def test_a_name_is_found_with_and_without_its_diacritics(question: str, names: tuple[str, ...]) -> None:
    assert find_persons(question) == names


def test_a_name_is_found_in_decomposed_text() -> None:
    name = "Nguyễn Hoài Anh"
    assert find_persons(unicodedata.normalize("NFD", f"Wer ist {name}?")) == (name,)


def test_a_repeated_name_is_found_once() -> None:
    assert find_persons("Lê Minh Hưng, also Lê Minh Hưng") == ("Lê Minh Hưng",)


@pytest.mark.parametrize(
    "text",
    [
        "Đảng Cộng sản Việt Nam",
        "Dang Cong san Viet Nam",
        "Dang Uy hop khi nao?",
        "Bồ Đào Nha",
        "Bo Dao Nha",
        "Do Party committees meet every month?",
        "Đoàn Thanh niên",
        "Mai kommt Herr Lan",
        "Le Monde",
        "le minh hung",
        "Hoàng, Anh",
        "Nguyễn",
        "Resolution 57",
        " \n\t ",
        "",
    ],
)
def test_organisations_countries_and_words_of_other_languages_are_not_names(text: str) -> None:
    assert find_persons(text) == ()


@pytest.mark.parametrize("piece", ["Lê ", "A", "Nguyễn", "Nguyễn Văn Anh, ", " \u00a0"])
def test_a_long_text_is_searched_to_its_end(piece: str) -> None:
    assert len(find_persons(piece * (100_000 // len(piece)))) <= 1
