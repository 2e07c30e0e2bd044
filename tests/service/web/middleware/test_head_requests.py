"""HEAD as GET without the body."""

import pytest
from starlette.testclient import TestClient

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", ASK, "/v1/documents/dorf.txt", "/v1/none"]
)
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    full, head = client.get(path), client.head(path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    kept = ("content-type", "cache-control", "etag")
    assert [head.headers.get(name) for name in kept] == [full.headers.get(name) for name in kept]


def test_head_of_a_path_with_post_only_is_refused(client: TestClient) -> None:
    assert client.head("/v1/facets").status_code == 405
