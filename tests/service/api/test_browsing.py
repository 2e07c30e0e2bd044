"""Context of citations, highlights of documents, suggestions, facets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder
from service_process import served
from starlette.testclient import TestClient

from indexer.build.pipeline import build

BERG = """---
title: Sitzung in Hà Giang
place: Hà Giang
published: 2025-03-17
---
# Mängel

Die Umsetzung der Resolution 57 ist langsam 🐢. Als Mangel gilt das fehlende Netz. Bekannt ist Direktive 35.

# Teilnehmer

An der Sitzung nahmen zehn Genossen teil.
"""
MEER = """---
title: Sitzung in Cà Mau
place: Cà Mau
published: 2025-04-02
---
Die Resolution 57 wurde in allen Gemeinden vorgestellt.
"""
OHNE = "Ein Vermerk ohne Ort, ohne Tag und ohne Beschluss."


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("browsing")
    (folder / "reports").mkdir()
    for name, text in (("berg.md", BERG), ("meer.md", MEER), ("ohne.txt", OHNE)):
        (folder / "reports" / name).write_text(text, "utf-8")
    build([folder / "reports"], folder / "index", FakeEmbedder())
    with served(folder / "index", address_rate=0) as client:
        yield client


def document(client: TestClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/documents/{name}").json()
    return found


def facets(client: TestClient, **filters: object) -> dict[str, Any]:
    reply = client.post("/v1/facets", json={"filters": filters})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def counts(values: list[dict[str, Any]]) -> dict[str, int]:
    return {value["value"]: value["documents"] for value in values}


# A place in its context


def test_a_place_is_shown_within_its_passage(client: TestClient) -> None:
    text = document(client, "berg.md")["text"]
    start = text.index("Als Mangel")
    place = {
        "document_id": "berg.md",
        "start": start,
        "end": start + len("Als Mangel gilt das fehlende Netz."),
    }
    reply = client.get("/v1/context", params=place).json()
    assert reply["text"] == text[reply["start"] : reply["end"]]
    assert reply["start"] <= place["start"] and place["end"] <= reply["end"]
    assert "Die Umsetzung der Resolution 57" in reply["text"]
    assert (reply["title"], reply["place"], reply["published"]) == (
        "Sitzung in Hà Giang",
        "Hà Giang",
        "2025-03-17",
    )


def test_a_place_over_several_passages_is_shown_whole(client: TestClient) -> None:
    text = document(client, "berg.md")["text"]
    reply = client.get("/v1/context", params={"document_id": "berg.md", "start": 0, "end": len(text)}).json()
    assert reply["text"] == text


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("none.md", 0, 1),
        ("ohne.txt", 0, 1000),
        ("ohne.txt", 500, 501),
        ("ohne.txt", 5, 5),
        ("ohne.txt", 6, 5),
    ],
)
def test_a_span_that_does_not_exist_is_a_404(client: TestClient, name: str, start: int, end: int) -> None:
    reply = client.get("/v1/context", params={"document_id": name, "start": start, "end": end})
    assert reply.status_code == 404
    assert reply.json()["detail"] == "there is no such document, or no such place in it"


@pytest.mark.parametrize(("start", "end"), [(-1, 5), ("a", 5), (0, 0)])
def test_a_place_that_cannot_be_is_a_422(client: TestClient, start: object, end: int) -> None:
    reply = client.get("/v1/context", params={"document_id": "ohne.txt", "start": str(start), "end": end})
    assert reply.status_code == 422


# What stands where in a document


def test_a_document_has_the_mentions_of_references_in_code_points(client: TestClient) -> None:
    berg = document(client, "berg.md")
    named = [
        (mention["key"], berg["text"][mention["start"] : mention["end"]]) for mention in berg["mentions"]
    ]
    assert named == [("NQ-57", "Resolution 57"), ("CT-35", "Direktive 35")]


def test_a_document_has_its_headings_and_sentences_about_aspects(client: TestClient) -> None:
    berg = document(client, "berg.md")
    assert [berg["text"][span["start"] : span["end"]] for span in berg["headings"]] == [
        "Mängel",
        "Teilnehmer",
    ]
    highlights = [(mark["aspect"], berg["text"][mark["start"] : mark["end"]]) for mark in berg["told"]]
    assert ("shortcomings", "Als Mangel gilt das fehlende Netz.") in highlights
    assert ("participants", "An der Sitzung nahmen zehn Genossen teil.") in highlights
    assert [mark["start"] for mark in berg["told"]] == sorted(mark["start"] for mark in berg["told"])


# What can be asked about


def test_references_are_suggested_those_of_most_documents_first_with_their_aspects(
    client: TestClient,
) -> None:
    reply = client.get("/v1/suggestions").json()
    assert [(known["key"], known["documents"]) for known in reply["references"]] == [
        ("NQ-57", 2),
        ("CT-35", 1),
    ]
    assert reply["references"][0]["names"]["vi"] == "Nghị quyết số 57"
    assert {"aspect": "participants", "sentences": 1} in reply["aspects"]


# Counting documents


def test_documents_are_counted_by_reference_province_and_month(client: TestClient) -> None:
    found = facets(client)
    assert found["documents"] == 3
    assert counts(found["references"]) == {"NQ-57": 2, "CT-35": 1}
    assert counts(found["places"]) == {"Cà Mau": 1, "Hà Giang": 1}
    assert [(period["value"], period["first"], period["last"]) for period in found["periods"]] == [
        ("2025-04", "2025-04-01", "2025-04-30"),
        ("2025-03", "2025-03-01", "2025-03-31"),
    ]


def test_a_choice_narrows_the_other_facets_and_not_its_own(client: TestClient) -> None:
    found = facets(client, places=["Ha Giang"])
    assert found["documents"] == 1
    assert counts(found["references"]) == {"NQ-57": 1, "CT-35": 1}
    assert counts(found["places"]) == {"Cà Mau": 1, "Hà Giang": 1}
    assert counts(found["periods"]) == {"2025-03": 1}


def test_all_choices_together_count(client: TestClient) -> None:
    found = facets(client, references=["NQ-57"], published_from="2025-04-01", published_to="2025-04-30")
    assert found["documents"] == 1
    assert counts(found["places"]) == {"Cà Mau": 1}
    assert counts(found["periods"]) == {"2025-04": 1, "2025-03": 1}


def test_many_months_are_counted_by_year(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        "".join(
            f'{{"_id": "{number}", "title": "", "text": "Vermerk {number}.", "published": '
            f'"{2000 + number // 12}-{number % 12 + 1:02}-01"}}\n'
            for number in range(40)
        ),
        "utf-8",
    )
    build([tmp_path / "rows.jsonl"], tmp_path / "index", FakeEmbedder())
    with served(tmp_path / "index") as client:
        periods = facets(client)["periods"]
    assert [(period["value"], period["documents"]) for period in periods] == [
        ("2003", 4),
        ("2002", 12),
        ("2001", 12),
        ("2000", 12),
    ]
