"""Metadata of documents."""

from pathlib import Path

import pytest

from indexer.documents import Document, RawDocument, text_digest
from indexer.errors import SourceError
from indexer.preprocessing.metadata import to_document
from indexer.sources.reader import read_sources

SENTENCE = "Die Konferenz fand am Morgen statt."


def document_of(text: str, media_type: str = "text/plain", **fields: str) -> Document:
    return to_document(RawDocument("a", Path("a.txt"), text, media_type, fields))


@pytest.mark.parametrize(
    ("number", "place", "published", "host"),
    [
        ("000", "Cà Mau", None, "btgtu.camau.dcs.vn"),
        ("001", None, None, None),
        ("002", "Quảng Trị", None, "baoquangtri.vn"),
        ("003", "Hà Giang", "2025-03-17", "baohagiang.vn"),
        ("004", "Nghệ An", "2024-04-25", None),
    ],
)
def test_the_reports_have_their_metadata(
    reports: Path, number: str, place: str | None, published: str | None, host: str | None
) -> None:
    (raw,) = read_sources(list(reports.glob(f"{number}_*.txt")))
    assert isinstance(raw, RawDocument)
    document = to_document(raw)
    assert (document.place, document.published, document.language) == (place, published, "de")
    assert (document.url or "//").split("/")[2] == (host or "")


def test_the_digest_is_that_of_the_canonical_text() -> None:
    document = document_of("Eins.  Zwei.\nKommentar (0)")
    assert document.text == "Eins. Zwei."
    assert document.sha256 == text_digest("Eins. Zwei.")


def test_the_references_are_found_in_the_canonical_text() -> None:
    document = document_of("Kommentar (0)\nGemäß der  Resolution Nr. 57 gilt das.")
    (reference,) = document.references
    assert reference.key == "NQ-57"
    assert document.text[reference.start : reference.end] == "Resolution Nr. 57"


@pytest.mark.parametrize("text", ["Kommentar (0)", "\n\n", "\u200b", "Quelle: https://a.vn/b"])
def test_a_document_of_boilerplate_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match=r"^empty after cleaning$"):
        document_of(text)


def test_a_stated_title_takes_precedence_over_a_heading() -> None:
    assert document_of(f"# Kopf\n\n{SENTENCE}", "text/markdown", title=" Ein\nTitel ").title == "Ein Titel"


def test_a_heading_takes_precedence_over_the_first_words() -> None:
    assert document_of(f"{SENTENCE}\n\n## Zum *Thema*", "text/markdown").title == "Zum Thema"


def test_plain_text_has_no_headings() -> None:
    assert document_of(f"# Kopf\n{SENTENCE}").title == "# Kopf"


def test_a_text_without_a_headline_has_its_first_words_as_title() -> None:
    assert document_of(f"{SENTENCE}\nNoch einer.").title == SENTENCE


def test_a_long_title_is_cut_between_words() -> None:
    title = document_of("Die Arbeitsgruppe, " * 20).title
    assert title == "Die Arbeitsgruppe, " * 5 + "Die …"
    assert len(title) <= 102


def test_a_long_title_without_spaces_is_cut() -> None:
    assert document_of("x" * 300).title == "x" * 100 + " …"


@pytest.mark.parametrize(
    ("text", "fields", "url"),
    [
        (SENTENCE, {}, None),
        (SENTENCE, {"url": "https://a.vn/b"}, "https://a.vn/b"),
        (SENTENCE, {"source": " http://a.vn/b "}, "http://a.vn/b"),
        (SENTENCE, {"source": "Zeitung"}, None),
        (f"{SENTENCE}\nQuelle: https://c.vn/d", {"url": "https://a.vn/b"}, "https://a.vn/b"),
        (f"{SENTENCE}\nQuelle: https://c.vn/d", {"source": "Zeitung"}, "https://c.vn/d"),
        (f"Quelle: https://c.vn/d\n{SENTENCE}\nNguồn: https://e.vn/f", {}, "https://e.vn/f"),
        (f"{SENTENCE} Siehe https://c.vn/d", {}, None),
    ],
)
def test_the_url_is_the_stated_one_or_that_of_the_source_line(
    text: str, fields: dict[str, str], url: str | None
) -> None:
    assert document_of(text, **fields).url == url


@pytest.mark.parametrize(
    ("stated", "published"),
    [
        ("2025-03-17", "2025-03-17"),
        ("2025-3-7", "2025-03-07"),
        ("2025-03-17 14:34:00+07:00", "2025-03-17"),
        ("2025-03-17T14:34:00Z", "2025-03-17"),
        ("17.03.2025", "2025-03-17"),
        ("17. 3. 2025", "2025-03-17"),
        ("17/3/2025", "2025-03-17"),
        ("17-03-2025", "2025-03-17"),
        ("14:34, 17.03.2025", "2025-03-17"),
        ("17. März 2025", "2025-03-17"),
        ("Montag, 1. Januar 2024", "2024-01-01"),
        ("1. Jänner 2024", "2024-01-01"),
        ("March 17, 2025", "2025-03-17"),
        ("17 March 2025", "2025-03-17"),
        ("17th of March 2025", "2025-03-17"),
        ("Mar 17, 2025", "2025-03-17"),
        ("ngày 17 tháng 3 năm 2025", "2025-03-17"),
        ("Ngày 17/3/2025", "2025-03-17"),
        ("29.02.2024", "2024-02-29"),
    ],
)
@pytest.mark.parametrize("field", ["date", "published"])
def test_a_stated_date_is_read_in_three_languages(field: str, stated: str, published: str) -> None:
    assert document_of(SENTENCE, **{field: stated}).published == published


@pytest.mark.parametrize(
    "stated", ["morgen", "2025", "17. März", "März 2025", "2025-02-30", "31.04.2025", "99/99/2025", "57"]
)
@pytest.mark.parametrize("field", ["date", "published"])
def test_a_malformed_date_is_an_error_that_names_the_field(field: str, stated: str) -> None:
    with pytest.raises(SourceError) as caught:
        document_of(SENTENCE, **{field: stated})
    assert str(caught.value) == f'field "{field}" is not a date: {stated!r}'


def test_an_empty_date_is_not_stated() -> None:
    assert document_of(SENTENCE, date=" ").published is None


@pytest.mark.parametrize(
    ("text", "published"),
    [
        (f"14:34, 17.03.2025\n{SENTENCE}", "2025-03-17"),
        (f"\n\n17/03/2025 14:34\n{SENTENCE}", "2025-03-17"),
        (f"17.03.2025 – 14:34 Uhr\n{SENTENCE}", "2025-03-17"),
        ("Am 17. März 2025 tagte die Arbeitsgruppe.", "2025-03-17"),
        ("Am Morgen des 17. März 2025 hielt die Arbeitsgruppe eine Sitzung ab.", "2025-03-17"),
        ("Am Montag, dem 17. März 2025, tagte sie.", "2025-03-17"),
        ("BHG – Am Morgen des 17. März 2025 hielt die Arbeitsgruppe eine Sitzung ab.", "2025-03-17"),
        ("Heute Morgen (17. März 2025) hielt der Ausschuss eine Konferenz ab.", "2025-03-17"),
        ("On the morning of March 17, 2025, the group met.", "2025-03-17"),
        ("On 17 March 2025, the group met.", "2025-03-17"),
        ("Sáng 17/3/2025, Đoàn kiểm tra làm việc.", "2025-03-17"),
        ("Sáng ngày 17/3/2025, Đoàn kiểm tra làm việc.", "2025-03-17"),
        ("Chiều nay (17/3/2025), Đoàn kiểm tra làm việc.", "2025-03-17"),
        ("Ngày 17 tháng 3 năm 2025, Đoàn kiểm tra làm việc.", "2025-03-17"),
        ("Am 25. April tagte der Ausschuss zum ersten Quartal 2024.", "2024-04-25"),
        ("On 25 April, the committee met on the first quarter of 2024.", "2024-04-25"),
        ("Chiều 25 tháng 4", None),
        ("Chiều ngày 25 tháng 4, Ban Thường vụ họp về kết quả quý I năm 2024.", "2024-04-25"),
    ],
)
def test_the_day_a_report_opens_with_is_its_date(text: str, published: str | None) -> None:
    assert document_of(text).published == published


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        "Heute Morgen (15. August) hielt der Ausschuss eine Konferenz ab.",
        "Am Morgen des 31. Oktober tagten die Abteilungen.",
        "Die Resolution Nr. 5 vom 12. November 2023 wurde umgesetzt.",
        "Die am 12. November 2023 erlassene Resolution Nr. 5 wurde umgesetzt.",
        "The conference on Resolution 5, issued on 12 November 2023, was held.",
        "Nghị quyết số 5 ngày 12/11/2023 được triển khai.",
        "In Vietnam 12. November 2023 war der Tag der Resolution.",
        "Am 17. März beriet der Ausschuss die Resolution vom 12. November 2023.",
        "Am 17. März beriet der Ausschuss die Ziele bis 2030.",
        "Am 17. März beriet der Ausschuss das Quartal 2024 und die Ziele bis 2030.",
        "Am 17. März beriet der Ausschuss die Quartale.\nErgebnisse im ersten Quartal 2024.",
        "Am 17. März sprachen 2024 Teilnehmer.",
        f"{SENTENCE}\nAm 12. November 2023 erließ das Politbüro die Resolution.",
        "Am 30. Februar 2025 tagte niemand.",
        f"Die Zahl 17.03.2025 in einer Zeile\n{SENTENCE}",
    ],
)
def test_another_date_or_a_day_without_its_year_is_never_the_documents_date(text: str) -> None:
    assert document_of(text).published is None


@pytest.mark.parametrize(
    ("text", "fields", "place"),
    [
        ("Die Provinz Ha Giang berichtete.", {}, "Hà Giang"),
        ("Die Provinz Ha Giang berichtete.", {"place": "Ca Mau"}, "Cà Mau"),
        (SENTENCE, {"place": "Provinz Ha-Giang"}, "Hà Giang"),
        (SENTENCE, {"place": " Berlin "}, "Berlin"),
        (SENTENCE, {"place": " "}, None),
        (SENTENCE, {"url": "https://baohagiang.vn/a"}, "Hà Giang"),
        (f"{SENTENCE}\nQuelle: https://btgtu.camau.dcs.vn/a", {}, "Cà Mau"),
        ("Die Provinz Nghe An berichtete.", {"url": "https://vnexpress.vn/a"}, "Nghệ An"),
        ("Ha Giang berichtete.", {}, None),
        ("Die Provinz Ha Giang und die Provinz Ca Mau berichteten.", {}, None),
        ("Die Provinz Ha Giang und die Provinz Ca Mau, die Provinz Ca Mau.", {}, "Cà Mau"),
        ("Die Provinz Ha Giang, die Provinz Ca Mau.", {"url": "https://baocamau.vn"}, "Cà Mau"),
        ("Die Provinz Nghe An, die Provinz Nghe An.", {"url": "https://baocamau.vn"}, "Nghệ An"),
    ],
)
def test_the_place_is_stated_or_titled_or_that_of_the_url(
    text: str, fields: dict[str, str], place: str | None
) -> None:
    assert document_of(text, **fields).place == place


def test_stated_fields_lose_control_and_surrogate_characters() -> None:
    document = document_of(
        SENTENCE, title="Ein\ud800 Titel\x00", place="Ber\ud800lin", url="https://a\u200b.vn"
    )
    assert (document.title, document.place, document.url) == ("Ein Titel", "Berlin", "https://a.vn")


def test_documents_of_the_corpus_have_the_metadata_of_their_front_matter(corpus: Path) -> None:
    documents = [to_document(item) for item in read_sources([corpus]) if isinstance(item, RawDocument)]
    assert {document.place: document.published for document in documents} == {
        "Cà Mau": None,
        "Hà Giang": "2025-03-17",
        None: None,
        "Nghệ An": "2024-04-25",
        "Quảng Trị": None,
    }
    assert {document.language for document in documents} == {"de"}
