"""Requests from pages of other origins."""

from starlette.testclient import TestClient


def test_a_page_that_may_not_ask_gets_a_problem(client: TestClient) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    reply = client.options("/v1/ask", headers=asked)
    assert (reply.status_code, reply.headers["content-type"]) == (400, "application/problem+json")
    assert reply.json()["detail"] == "Disallowed CORS origin"
    assert "access-control-allow-origin" not in reply.headers
