"""Security and cache headers, and tags."""

import re

import pytest
from starlette.testclient import TestClient

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (ASK, 200), ("/v1/references", 200), ("/v1/search", 422), ("/v1/documents/none", 404),
        ("/nowhere", 404), ("/healthz", 200), ("/metrics", 200), ("/docs", 200), ("/openapi.json", 200),
    ],
)  # fmt: skip
def test_every_reply_has_the_security_headers(client: TestClient, path: str, status: int) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "server" not in reply.headers


def test_only_the_page_of_the_api_may_run_scripts_and_only_its_own(client: TestClient) -> None:
    page = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'self'" in page and "http" not in page
    assert "default-src 'none'" in client.get("/v1/references").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", ASK, "private, no-cache"),
        ("GET", "/v1/documents", "private, no-cache"),
        ("GET", "/openapi.json", "private, no-cache"),
        ("GET", "/static-offline-docs/swagger-ui.css", "public, max-age=3600"),
        ("GET", "/static-offline-docs/nowhere.css", "no-store"),
        ("POST", "/v1/ask", "no-store"),
        ("GET", "/v1/documents/none", "no-store"),
        ("GET", "/v1/search", "no-store"),
        ("GET", "/nowhere", "no-store"),
        ("GET", "/healthz", "no-store"),
        ("GET", "/readyz", "no-store"),
        ("GET", "/metrics", "no-store"),
    ],
)
def test_replies_have_their_cache_control(client: TestClient, method: str, path: str, expected: str) -> None:
    body = {"question": "Schule?"} if method == "POST" else None
    assert client.request(method, path, json=body).headers["cache-control"] == expected


def test_a_body_that_the_client_has_is_not_sent_again(client: TestClient) -> None:
    first = client.get(ASK)
    again = client.get(ASK, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "cache-control"):
        assert again.headers[name] == first.headers[name]
    assert not {"content-length", "content-type"} & set(again.headers)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"other", {}', 304),
        ('W/"other",W/{}', 304),
        ('"other"', 200),
        ("", 200),
        ("*", 304),
    ],
)
def test_a_tag_may_be_weak_or_one_of_several(client: TestClient, known: str, status: int) -> None:
    tag = client.get(ASK).headers["etag"]
    assert client.get(ASK, headers={"If-None-Match": known.format(tag)}).status_code == status


def test_tags_differ_where_replies_do(client: TestClient) -> None:
    paths = (ASK, "/v1/documents/dorf.txt", "/v1/documents/weg.txt", "/v1/documents/dorf.txt")
    tags = [client.get(path).headers["etag"] for path in paths]
    assert tags[1] == tags[3] and len(set(tags)) == 3


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nowhere", "/v1/search"])
def test_probes_and_errors_have_no_tag(client: TestClient, path: str) -> None:
    assert "etag" not in client.get(path).headers


def test_replies_vary_by_key_and_page(client: TestClient) -> None:
    vary = client.get(ASK).headers["vary"]
    assert {"Origin", "Authorization", "X-API-Key"} == set(re.split(r",\s*", vary))
