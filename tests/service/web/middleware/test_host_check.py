"""The hosts under which the service answers: DNS rebinding lets a foreign page claim any other."""

from pathlib import Path

import pytest
from service_process import served

from service.auth.key_file import KeyFile

ASK = "/v1/ask?q=Gibt es im Dorf eine Schule?"


def status(index: Path, claimed: str, path: str = ASK, **settings: object) -> int:
    with served(index, **settings) as client:
        return client.get(path, headers={"Host": claimed}).status_code


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1:8000", "127.8.9.10", "[::1]:8000", "[::1]"],
)
def test_without_keys_it_answers_under_the_names_of_this_machine(index: Path, host: str) -> None:
    assert status(index, host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "::1",
     "192.0.2.7", "[2001:db8::1]:8000", "127.0.0.1:80:80", "localhost@evil.example", "", "[::1", "0.0.0.0"],
)  # fmt: skip
def test_without_keys_it_answers_under_no_other(index: Path, host: str) -> None:
    with served(index) as client:
        for path in (ASK, "/", "/v1/documents", "/metrics", "/docs", "/v1/nowhere"):
            reply = client.get(path, headers={"Host": host})
            assert reply.status_code == 421
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.headers["connection"] == "close"
            assert "FUNDSTELLE_ALLOWED_HOSTS" in reply.json()["detail"]


def test_a_refused_host_is_not_asked_for_its_question(index: Path) -> None:
    with served(index) as client:
        client.post("/v1/ask", json={"question": "Schule?"}, headers={"Host": "evil.example"})
        assert client.app.state.backend.calls == []  # type: ignore[attr-defined]


def test_allowed_hosts_are_allowed_besides(index: Path) -> None:
    allowed = {"allowed_hosts": ("answers.example.org", "192.0.2.7")}
    for host in ("answers.example.org", "Answers.Example.Org:443", "192.0.2.7:8000", "127.0.0.1:8000"):
        assert status(index, host, **allowed) == 200
    for host in ("evil.example", "sub.answers.example.org", "192.0.2.8"):
        assert status(index, host, **allowed) == 421


def test_every_host_may_be_allowed(index: Path) -> None:
    assert status(index, "evil.example", allowed_hosts=("*",)) == 200


def test_the_configured_host_is_allowed(index: Path) -> None:
    assert status(index, "fundstelle.internal:8000", host="fundstelle.internal") == 200
    assert status(index, "", host="::") == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_may_send_any_host(index: Path, path: str) -> None:
    assert status(index, "balancer.example", path) == 200


def test_with_keys_every_host_is_accepted_unless_hosts_are_set(index: Path, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.add("intranet")
    assert status(index, "answers.example.org", keys=file.path) == 401
    hosts = {"keys": file.path, "allowed_hosts": ("answers.example.org",)}
    assert status(index, "answers.example.org", **hosts) == 401
    assert status(index, "evil.example", **hosts) == 421
