"""The HTTP contract, over the example corpus and a fake model."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from service_process import LONG, served
from starlette.testclient import TestClient

from indexer.build.pipeline import build
from service.settings import Settings
from service.web import dispatcher
from service.web.app import create_app

QUESTION = "Welche Mängel gab es bei der Resolution 57?"


@pytest.fixture(scope="module")
def client(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    index = tmp_path_factory.mktemp("http") / "index"
    build([corpus], index, FakeEmbedder())
    with served(index, address_rate=0) as client:
        yield client


def test_ask_replies_with_every_field_of_the_contract(client: TestClient) -> None:
    reply = client.post("/v1/ask", json={"question": "Mängel der Resolution 157?"})
    assert reply.status_code == 200
    assert set(reply.json()) == {
        "question", "language", "status", "answer", "statements", "citations", "confidence", "understood",
        "suggestions", "notes", "index",
    }  # fmt: skip
    assert reply.json()["status"] == "unknown_reference"
    assert reply.json()["suggestions"] == ["NQ-57"]


def test_understood_shows_what_was_read(client: TestClient) -> None:
    understood = client.post(
        "/v1/ask", json={"question": "Mängel der Resolution 157 in Ha Giang 2025?"}
    ).json()["understood"]
    assert understood == {
        "references": [{"key": "NQ-157", "text": "Resolution 157"}],
        "aspect": "shortcomings",
        "places": ["Hà Giang"],
        "dates": [{"first": "2025-01-01", "last": "2025-12-31", "text": "2025"}],
    }


def test_search_replies_with_hits_that_stand_in_their_documents(client: TestClient) -> None:
    hits = client.post("/v1/search", json={"query": "Smartphones und Internet", "top_k": 3}).json()["hits"]
    assert len(hits) == 3
    for hit in hits:
        document = client.get(f"/v1/documents/{hit['document_id']}").json()
        assert document["text"][hit["start"] : hit["end"]] == hit["text"]
        assert hit["start"] <= hit["best_sentence"]["start"] < hit["best_sentence"]["end"] <= hit["end"]


def test_links_reply_like_posts(client: TestClient) -> None:
    posted = client.post("/v1/search", json={"query": "Smartphones", "top_k": 2})
    linked = client.get("/v1/search", params={"q": "Smartphones", "top_k": 2})
    assert linked.json() == posted.json()
    assert (
        client.get("/v1/ask", params={"q": QUESTION}).json()
        == client.post("/v1/ask", json={"question": QUESTION}).json()
    )


def test_filters_hold_over_http(client: TestClient) -> None:
    filters = {"references": ["Resolution 57"], "places": ["ha giang"], "published_from": "2025-01-01"}
    hits = client.post("/v1/search", json={"query": "Resolution", "filters": filters}).json()["hits"]
    assert {hit["document_id"] for hit in hits} == {"ha-giang-arbeitsgruppe-1920.md"}


def test_documents_are_listed_in_pages(client: TestClient) -> None:
    first = client.get("/v1/documents", params={"limit": 2}).json()
    second = client.get("/v1/documents", params={"limit": 2, "offset": 2}).json()
    assert first["total"] == 5
    ids = [document["document_id"] for document in first["documents"] + second["documents"]]
    assert len(set(ids)) == 4
    assert "text" not in first["documents"][0]


def test_references_are_listed_with_names_and_counts(client: TestClient) -> None:
    known = {row["key"]: row for row in client.get("/v1/references").json()["references"]}
    assert known["NQ-57"]["documents"] == 2
    assert known["NQ-57"]["names"]["vi"] == "Nghị quyết số 57"
    assert "NQ-1920" not in known


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"question": ""}, 422, "question"),
        ({"question": " \n "}, 422, "question"),
        ({"question": "?!"}, 422, "question"),
        ({"question": "x " * 30_000}, 422, "question"),
        ({"question": 57}, 422, "question"),
        ({"question": QUESTION, "colour": "red"}, 422, "colour"),
        ({"question": QUESTION, "language": "fr"}, 422, "language"),
        ({"question": QUESTION, "max_citations": 0}, 422, "max_citations"),
        ({"question": QUESTION, "filters": {"references": ["57 %"]}}, 422, "filters.references.0"),
        ({"question": QUESTION, "filters": {"published_from": "gestern"}}, 422, "filters.published_from"),
        ({}, 422, "question"),
        ([QUESTION], 422, ""),
    ],
)
def test_a_wrong_field_is_a_problem_that_names_it(
    client: TestClient, body: object, status: int, field: str
) -> None:
    reply = client.post("/v1/ask", json=body)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status and problem["instance"] == "/v1/ask"
    assert [error["field"] for error in problem["errors"]] == [field]
    assert len(reply.content) < 1000


UNKNOWN = {"question": QUESTION} | {f"field{number}": number for number in range(3000)}
WRONG_LISTS: dict[str, list[object]] = {
    "references": ["57 %"] * 30,
    "places": [1] * 50,
    "documents": ["x" * 201] * 40,
}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (UNKNOWN, "body: has 3001 fields, at most 20 are read"),
        (
            {"question": QUESTION, "filters": {"places": ["x"] * 51}},
            "filters.places: has 51 values, at most 50 are read",
        ),
        (
            {"question": QUESTION, "filters": {"references": ["NQ-57"] * 5000}},
            "filters.references: has 5000 values, at most 50 are read",
        ),
    ],
    ids=["fields", "places", "references"],
)
def test_too_many_fields_or_values_are_one_error(client: TestClient, body: object, detail: str) -> None:
    reply = client.post("/v1/ask", json=body)
    assert (reply.status_code, reply.json()["detail"]) == (422, detail)
    assert len(reply.json()["errors"]) == 1


@pytest.mark.parametrize("name", WRONG_LISTS)
def test_a_reply_has_at_most_20_short_errors(client: TestClient, name: str) -> None:
    filters = {name: WRONG_LISTS[name]}
    reply = client.post("/v1/search", json={"query": "Schule", "filters": filters})
    assert reply.status_code == 422
    problem = reply.json()
    assert [error["field"] for error in problem["errors"]] == [f"filters.{name}.{n}" for n in range(20)]
    assert problem["detail"].endswith(f"; {len(WRONG_LISTS[name])} errors in all, of which 20 are given")
    assert len(reply.content) < 6000


def test_the_name_of_an_unknown_field_is_shortened(client: TestClient) -> None:
    reply = client.post("/v1/ask", json={"question": QUESTION, "x" * 50_000: 1})
    assert reply.status_code == 422 and len(reply.content) < 1000
    assert reply.json()["errors"][0]["field"] == "x" * 199 + "…"


def test_a_filter_takes_50_values_of_200_characters(client: TestClient) -> None:
    filters = {"places": ["Hà Giang"] * 50, "documents": ["x" * 200], "references": ["Resolution 57"] * 50}
    assert client.post("/v1/search", json={"query": "Schule", "filters": filters}).status_code == 200


def test_a_query_of_too_many_fields_is_refused_whole(client: TestClient) -> None:
    reply = client.get("/v1/ask?q=Schule" + "&x" * 5000)
    assert reply.status_code == 422
    assert reply.json()["detail"] == "the query has 5001 fields, at most 20 are read"


def test_reading_references_does_not_hold_up_other_requests(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def wait(texts: Sequence[str]) -> tuple[str, ...]:
        reading.set()
        assert go_on.wait(LONG)
        return tuple(texts)

    monkeypatch.setattr(dispatcher, "canonical_references", wait)
    filters = {"references": ["NQ-57"]}
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(client.post, "/v1/search", json={"query": "Schule", "filters": filters})
        try:
            assert reading.wait(LONG)
            assert client.get("/healthz").status_code == 200
            assert not slow.done()
        finally:
            go_on.set()
        assert slow.result().status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"question": ', 400),
        (b'{"question": "\xff\xfe"}', 400),
        (b'{"question": "x\\ud800 y"}', 422),
        (b"", 422),
        (json.dumps({"question": "x" * 1_100_000}).encode(), 413),
    ],
)
def test_a_body_that_cannot_be_read_is_the_clients_fault(
    client: TestClient, content: bytes, status: int
) -> None:
    reply = client.post("/v1/ask", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_large_body_without_a_length_is_refused_too(client: TestClient) -> None:
    reply = client.post("/v1/ask", content=(b" " * 100_000 for _ in range(20)))
    assert reply.status_code == 413


def test_a_wrong_query_is_named_too(client: TestClient) -> None:
    errors = client.post("/v1/search", json={"query": 5}).json()["errors"]
    assert [error["field"] for error in errors] == ["query"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/documents/nowhere", 404), ("/nowhere", 404), ("/v1/search?q=x&page=2", 422), ("/v1/search", 422)],
)
def test_wrong_addresses_are_problems(client: TestClient, path: str, status: int) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_a_problem_that_allows_the_right_one(client: TestClient) -> None:
    reply = client.delete("/v1/ask")
    assert reply.status_code == 405
    assert reply.headers["content-type"] == "application/problem+json"


def test_probes_and_metrics_reply(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert 'fundstelle_requests_total{path="/readyz",status="200"}' in client.get("/metrics").text


def test_the_api_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text and "http://" not in page.text
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200


def test_the_contract_is_described(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    assert {"/v1/ask", "/v1/search", "/v1/documents", "/v1/references"} <= set(described["paths"])
    assert "application/problem+json" in described["paths"]["/v1/ask"]["post"]["responses"]["422"]["content"]


def test_not_ready_before_the_index_is_loaded(tmp_path: Path) -> None:
    client = TestClient(create_app(Settings(index=tmp_path)))
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1/nowhere", "/v1", "/v1/documents/none", "/static/none", "/static/faces/none"]
)
def test_a_missing_path_is_a_problem_that_names_it(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["instance"] == path


def test_a_slash_too_many_is_not_found_rather_than_sent_elsewhere(client: TestClient) -> None:
    reply = client.get("/v1/ask/?q=Dorf", follow_redirects=False)
    assert (reply.status_code, "location" in reply.headers) == (404, False)


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: TestClient) -> None:
    reply = client.put("/v1/documents")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")


def test_readyz_reports_loading_ready_and_stopping(built_index: Path) -> None:
    with served(built_index) as client:
        state = client.app.state  # type: ignore[attr-defined]
        statuses = [client.get("/readyz").json()["status"]]
        state.backend.ready = False
        statuses.append(client.get("/readyz").json()["status"])
        state.stopping = True
        statuses.append(client.get("/readyz").json()["status"])
        assert statuses == ["ready", "loading", "stopping"]
        assert client.get("/healthz").status_code == 200
