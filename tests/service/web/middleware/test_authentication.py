"""Keys and rate limits over HTTP, with a real key file."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from service_process import served
from starlette.testclient import TestClient

from indexer.build.pipeline import build
from service.auth.key_file import KeyFile, KeyFileError
from service.settings import Settings
from service.web.app import create_app

PAGE, OTHER_PAGE = "https://intranet.example", "https://elsewhere.example"
ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"
#: Requests a second that let one through and then none for longer than a test takes.
ONE = 0.001
LONG = 30.0


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authentication")
    (folder / "dorf.txt").write_text("Im Dorf gibt es eine Schule. Der Weg dorthin ist weit.", "utf-8")
    build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def expired(file: KeyFile, name: str) -> str:
    """A key that was valid until yesterday."""
    key, text = file.add(name)
    content = json.loads(file.path.read_text("utf-8"))
    [record] = [record for record in content["keys"] if record["id"] == key.id]
    record["expires"] = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    file.path.write_text(json.dumps(content), "utf-8")
    return text


def from_address(client: TestClient, address: str) -> TestClient:
    """The same application, asked from another address."""
    return TestClient(client.app, "http://localhost", client=(address, 50_000), raise_server_exceptions=False)


def until(status: int, ask: Callable[[], int]) -> None:
    """Return once the request has this status: a change of the file is noticed soon."""
    end = time.monotonic() + LONG
    while (got := ask()) != status:
        assert time.monotonic() < end, f"still {got}"
        time.sleep(0.01)


# With and without a key.


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
def test_a_key_is_taken_in_either_header(index: Path, file: KeyFile, name: str) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path) as client:
        sent = f"bearer {text}" if name == "Authorization" else text
        assert client.get(ASK, headers={name: sent}).status_code == 200
        assert client.post("/v1/ask", json={"question": "Schule?"}, headers={name: sent}).status_code == 200


def test_another_kind_of_authorization_leaves_the_key_to_its_own_header(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path) as client:
        headers = {"Authorization": "Basic YTpi", "X-API-Key": text}
        assert client.get(ASK, headers=headers).status_code == 200


def test_without_a_key_file_no_key_is_required(index: Path) -> None:
    with served(index) as client:
        assert client.get(ASK).status_code == 200
        assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer fst_abcdefgh_" + "A" * 43},
        {"Authorization": "Basic YTpi"},
        {"X-API-Key": "x" * 5000},
        {"X-API-Key": "schlüssel".encode("latin-1")},
    ],
)
def test_without_a_valid_key_the_reply_is_a_401_with_a_challenge(
    index: Path, file: KeyFile, headers: Mapping[str, str]
) -> None:
    file.add("intranet")
    with served(index, keys=file.path) as client:
        reply = client.get(ASK, headers=headers)
    assert reply.status_code == 401
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["www-authenticate"] == 'Bearer realm="Fundstelle"'
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "a valid key is needed",
        "instance": "/v1/ask",
    }


def test_unknown_revoked_and_expired_keys_get_the_very_same_reply(
    index: Path, file: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    file.add("intranet")
    key, revoked = file.add("left")
    file.revoke(key.id)
    texts = {"unknown": f"fst_{key.id}_" + "A" * 43, "revoked": revoked, "expired": expired(file, "past")}
    with served(index, keys=file.path, address_rate=0) as client:
        replies = [client.get(ASK, headers=bearer(text)) for text in texts.values()]
    assert [reply.status_code for reply in replies] == [401] * 3
    assert len({reply.text for reply in replies}) == 1
    for reply in replies:
        del reply.headers["x-request-id"]
    assert replies[0].headers == replies[1].headers == replies[2].headers
    # Only the log tells them apart.
    why = [record.why for record in caplog.records if record.message == "key refused"]  # type: ignore[attr-defined]
    assert why == list(texts)


def test_a_key_for_questions_does_not_open_the_metrics_and_one_for_metrics_no_questions(
    index: Path, file: KeyFile
) -> None:
    _, asking = file.add("asking", ["ask"])
    _, admin = file.add("admin", ["admin"])
    with served(index, keys=file.path) as client:
        assert client.get(ASK, headers=bearer(asking)).status_code == 200
        assert client.get("/metrics", headers=bearer(admin)).status_code == 200
        for path, text, scope in (("/metrics", asking, "admin"), ("/v1/ask", admin, "ask")):
            reply = client.get(path, headers=bearer(text))
            assert reply.status_code == 403
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.json()["detail"] == f"this key does not have the scope '{scope}'"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_probes_and_the_description_need_no_key_and_have_no_limit(
    index: Path, file: KeyFile, path: str
) -> None:
    file.add("intranet")
    with served(index, keys=file.path, address_rate=ONE, burst_seconds=1) as client:
        assert [client.get(path).status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    "path",
    ["/v1/search?q=Dorf", "/v1/documents", "/v1/documents/dorf.txt", "/v1/references", "/v1/nowhere",
     "/v1/ask/?q=Dorf", "/metrics/", "//v1/ask?q=Dorf", "/V1/ask?q=Dorf", "/v1%2Fask?q=Dorf",
     "/./v1/ask?q=Dorf", "/%76%31/ask?q=Dorf", "/v1/documents/..%2fdorf.txt"],
)  # fmt: skip
def test_no_spelling_of_an_address_gets_round_the_key(index: Path, file: KeyFile, path: str) -> None:
    file.add("intranet")
    with served(index, keys=file.path) as client:
        assert client.get(path).status_code in (401, 404)


def test_other_methods_need_a_key_as_well(index: Path, file: KeyFile) -> None:
    file.add("intranet")
    with served(index, keys=file.path) as client:
        for method in ("POST", "HEAD", "OPTIONS", "DELETE", "PUT"):
            assert client.request(method, "/v1/ask").status_code == 401


def test_a_request_without_a_key_is_refused_before_its_body_is_read(index: Path, file: KeyFile) -> None:
    file.add("intranet")
    with served(index, keys=file.path) as client:
        assert client.post("/v1/ask", content=b"x" * 2_000_000).status_code == 401


# Widget keys.


def test_a_widget_key_is_good_from_its_pages_only(index: Path, file: KeyFile) -> None:
    _, text = file.add("widget", origins=[PAGE])
    with served(index, keys=file.path) as client:
        reply = client.get(ASK, headers=bearer(text) | {"Origin": PAGE})
        assert reply.status_code == 200
        assert reply.headers["access-control-allow-origin"] == PAGE
        for origin in ({"Origin": OTHER_PAGE}, {"Origin": "null"}, {"Origin": PAGE + ":8443"}, {}):
            reply = client.get(ASK, headers=bearer(text) | origin)
            assert reply.status_code == 403
            assert reply.json()["detail"] == "this key may not be used from this page"


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/documents?limit=500", "/v1/references", "/metrics"])
def test_a_widget_key_lists_no_documents_whoever_claims_its_origin(
    index: Path, file: KeyFile, path: str
) -> None:
    _, text = file.add("widget", origins=[PAGE])
    with served(index, keys=file.path) as client:
        assert client.get(path, headers=bearer(text) | {"Origin": PAGE}).status_code == 403


def test_a_widget_key_asks_searches_and_browses(index: Path, file: KeyFile) -> None:
    _, text = file.add("widget", origins=[PAGE])
    with served(index, keys=file.path) as client:
        headers = bearer(text) | {"Origin": PAGE}
        assert client.get("/v1/suggestions", headers=headers).status_code == 200
        assert client.post("/v1/facets", json={}, headers=headers).status_code == 200
        assert client.post("/v1/search", json={"query": "Dorf"}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v1/documents/dorf.txt", "/v1/context?document_id=dorf.txt&start=0&end=5"])
def test_a_widget_key_reads_a_document_only_after_a_hit_in_it(index: Path, file: KeyFile, path: str) -> None:
    _, text = file.add("widget", origins=[PAGE])
    headers = bearer(text) | {"Origin": PAGE}
    with served(index, keys=file.path) as client:
        refused = client.get(path, headers=headers)
        assert refused.status_code == 404
        # Whether a document exists is not told either.
        unknown = client.get(path.replace("dorf", "nirgends"), headers=headers)
        assert unknown.json()["detail"] == refused.json()["detail"]
        assert client.get("/v1/search?q=Dorf", headers=headers).json()["hits"]
        assert client.get(path, headers=headers).status_code == 200
    with served(index, keys=file.path, widget_documents="all") as client:
        assert client.get(path, headers=headers).status_code == 200


def test_an_answer_from_the_cache_leads_to_its_documents_too(index: Path, file: KeyFile) -> None:
    _, text = file.add("widget", origins=[PAGE])
    headers = bearer(text) | {"Origin": PAGE}
    with served(index, keys=file.path) as client:
        for _ in range(2):
            assert client.get("/v1/search?q=Dorf", headers=headers).status_code == 200
        assert client.get("/v1/documents/dorf.txt", headers=headers).status_code == 200


def test_other_keys_are_good_from_everywhere(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path) as client:
        assert client.get(ASK, headers=bearer(text) | {"Origin": OTHER_PAGE}).status_code == 200


def preflight(client: TestClient, origin: str) -> tuple[int, str | None]:
    """Status and allowed origin of what a browser asks before it sends a question with a key."""
    reply = client.options(
        "/v1/ask",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    return reply.status_code, reply.headers.get("access-control-allow-origin")


def test_browsers_may_ask_from_pages_of_the_settings_and_of_widget_keys_only(
    index: Path, file: KeyFile
) -> None:
    file.add("widget", origins=[PAGE])
    settings = {"cors_origins": ("https://portal.example",), "address_rate": ONE, "burst_seconds": 1}
    with served(index, keys=file.path, **settings) as client:
        for origin in (PAGE, "https://portal.example"):
            assert preflight(client, origin) == (200, origin)
        for origin in (OTHER_PAGE, "null", PAGE + ".evil.example", "http://intranet.example"):
            assert preflight(client, origin) == (400, None)


def test_without_origins_no_browser_may_ask_from_elsewhere(index: Path) -> None:
    with served(index) as client:
        assert preflight(client, PAGE) == (400, None)
        assert "access-control-allow-origin" not in client.get(ASK, headers={"Origin": PAGE}).headers


def test_pages_can_read_refusals_and_rate_limit_headers(index: Path, file: KeyFile) -> None:
    _, text = file.add("widget", origins=[PAGE], rate=ONE)
    with served(index, keys=file.path, burst_seconds=1) as client:
        sent = bearer(text) | {"Origin": PAGE}
        replies = [client.get(ASK, headers={"Origin": PAGE}), *(client.get(ASK, headers=sent) for _ in "12")]
    assert [reply.status_code for reply in replies] == [401, 200, 429]
    for reply in replies:
        assert reply.headers["access-control-allow-origin"] == PAGE
        assert "Retry-After" in reply.headers["access-control-expose-headers"]
        assert "Origin" in reply.headers["vary"]


# Changes of the file.


def test_a_new_key_is_good_and_a_revoked_one_refused_soon(index: Path, file: KeyFile) -> None:
    file.add("first")
    with served(index, keys=file.path, poll_seconds=0.01, address_rate=0, key_rate=0) as client:
        key, text = file.add("second")
        until(200, lambda: client.get("/v1/references", headers=bearer(text)).status_code)
        file.revoke(key.id)
        until(401, lambda: client.get("/v1/references", headers=bearer(text)).status_code)


def test_pages_of_new_and_of_revoked_widget_keys_follow_too(index: Path, file: KeyFile) -> None:
    file.add("first")
    with served(index, keys=file.path, poll_seconds=0.01) as client:
        assert preflight(client, PAGE)[0] == 400
        file.add("widget", origins=[PAGE])
        until(200, lambda: preflight(client, PAGE)[0])
        file.revoke("widget")
        until(400, lambda: preflight(client, PAGE)[0])


def test_a_file_that_is_damaged_leaves_the_keys_as_they_were(
    index: Path, file: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path, poll_seconds=0.01) as client:
        file.path.write_text("{", "utf-8")
        until(1, lambda: int("the previous keys stay valid" in caplog.text))
        assert client.get(ASK, headers=bearer(text)).status_code == 200


def test_without_its_file_of_keys_the_service_does_not_start(index: Path, file: KeyFile) -> None:
    with pytest.raises(KeyFileError, match=r"no key file .*keys\.json"):
        create_app(Settings(index=index, keys=file.path))


# Limits.


def test_replies_have_the_rest_of_the_tightest_limit(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path, address_rate=10, key_rate=2, burst_seconds=2) as client:
        reply = client.get(ASK, headers=bearer(text))
        wrong = client.post("/v1/ask", json={"question": ""}, headers=bearer(text))
    assert (reply.status_code, wrong.status_code) == (200, 422)
    # The tightest of both limits: of the key, 4 requests within 2 s.
    assert reply.headers["ratelimit-policy"] == wrong.headers["ratelimit-policy"] == '"key";q=4;w=2'
    assert reply.headers["ratelimit"].startswith('"key";r=3;t=')
    assert "retry-after" not in reply.headers


def test_without_limits_there_are_no_rate_headers(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet", rate=0)
    with served(index, keys=file.path, address_rate=0) as client:
        reply = client.get(ASK, headers=bearer(text))
    assert reply.status_code == 200
    assert not {name for name in reply.headers if name.startswith("ratelimit")}


def test_too_many_requests_are_a_429_with_the_time_to_wait(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet", rate=ONE)
    with served(index, keys=file.path, burst_seconds=1) as client:
        assert client.get(ASK, headers=bearer(text)).status_code == 200
        reply = client.get(ASK, headers=bearer(text))
    assert reply.status_code == 429
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["ratelimit-policy"] == '"key";q=1;w=1000'
    wait = int(reply.headers["retry-after"])
    assert 900 < wait <= 1000
    assert reply.headers["ratelimit"] == f'"key";r=0;t={wait}'
    assert reply.json()["detail"] == f"too many requests; ask again in {wait} s"


def test_each_key_has_a_budget_of_its_own_wherever_it_is_used(index: Path, file: KeyFile) -> None:
    _, first = file.add("first")
    _, second = file.add("second")
    with served(index, keys=file.path, key_rate=ONE, burst_seconds=1) as client:
        other = from_address(client, "192.0.2.7")
        assert client.get(ASK, headers=bearer(first)).status_code == 200
        assert other.get(ASK, headers=bearer(first)).status_code == 429
        assert other.get(ASK, headers=bearer(second)).status_code == 200


def test_each_address_has_a_budget_of_its_own_also_without_keys(index: Path) -> None:
    with served(index, address_rate=ONE, burst_seconds=1) as client:
        first, second = from_address(client, "192.0.2.7"), from_address(client, "192.0.2.8")
        assert [first.get(ASK).status_code for _ in range(2)] == [200, 429]
        assert first.get(ASK).headers["ratelimit-policy"].startswith('"address"')
        assert second.get(ASK).status_code == 200


def test_requests_with_a_wrong_key_are_charged_to_their_address(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet")
    with served(index, keys=file.path, address_rate=ONE, burst_seconds=1) as client:
        first, second = from_address(client, "192.0.2.7"), from_address(client, "192.0.2.8")
        assert first.get(ASK, headers=bearer("guess")).status_code == 401
        assert first.get(ASK, headers=bearer(text)).status_code == 429
        assert second.get(ASK, headers=bearer(text)).status_code == 200


def test_a_refused_key_costs_no_key_anything(index: Path, file: KeyFile) -> None:
    key, text = file.add("intranet")
    with served(index, keys=file.path, key_rate=ONE, burst_seconds=1) as client:
        wrong = f"fst_{key.id}_" + "A" * 43
        assert client.get(ASK, headers=bearer(wrong)).status_code == 401
        assert client.get("/metrics", headers=bearer(text)).status_code == 403
        assert client.get(ASK, headers=bearer(text)).status_code == 200


def test_one_reader_of_a_page_does_not_use_up_what_all_of_them_share(index: Path, file: KeyFile) -> None:
    _, text = file.add("widget", origins=[PAGE])
    sent = bearer(text) | {"Origin": PAGE}
    with served(index, keys=file.path, widget_address_rate=ONE, widget_rate=2, burst_seconds=1) as client:
        first, second, third = (from_address(client, f"192.0.2.{number}") for number in (7, 8, 9))
        assert [first.get(ASK, headers=sent).status_code for _ in range(5)] == [200, 429, 429, 429, 429]
        assert second.get(ASK, headers=sent).status_code == 200
        assert third.get(ASK, headers=sent).headers["ratelimit-policy"].startswith('"widget')


def test_refusals_are_counted_by_why(index: Path, file: KeyFile) -> None:
    _, text = file.add("intranet", rate=ONE)
    _, admin = file.add("admin", ["admin"])
    with served(index, keys=file.path, burst_seconds=1) as client:
        client.get(ASK)
        client.get("/metrics", headers=bearer(text))
        for _ in range(3):
            client.get(ASK, headers=bearer(text))
        exposed = client.get("/metrics", headers=bearer(admin)).text
    for why, number in ((401, 1.0), (403, 1.0), (429, 2.0)):
        assert f'fundstelle_refused_total{{why="{why}"}} {number}' in exposed


# Secrets.


def test_no_key_and_no_question_is_in_logs_or_metrics(
    index: Path, file: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key, text = file.add("intranet")
    _, revoked = file.add("left")
    file.revoke("left")
    _, admin = file.add("admin", ["admin"])
    with served(index, keys=file.path, poll_seconds=0.01) as client:
        for sent in (text, revoked, "fst_abcdefgh_" + "Z" * 43):
            for headers in (bearer(sent), {"X-API-Key": sent}):
                client.post("/v1/ask", json={"question": "Wer schwänzt?"}, headers=headers)
                client.get("/v1/ask", params={"q": "Wer schwänzt?"}, headers=headers)
        exposed = client.get("/metrics", headers=bearer(admin)).text
    # The test's own client logs what it sends.
    logged = str([vars(record) for record in caplog.records if not record.name.startswith("httpx")])
    assert f"'key': '{key.id}'" in logged
    for secret in (text, revoked, admin, "Z" * 43):
        assert secret[13:] not in logged and secret[13:] not in exposed
    for hidden in (key.digest, key.salt, "schwänzt", "schw%C3%A4nzt"):
        assert hidden not in logged and hidden not in exposed
