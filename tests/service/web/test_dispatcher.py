"""Between addresses and engines: what is kept, how long an answer may take, what is counted and noted."""

import asyncio
import json
import shutil
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder
from service_process import LocalBackend, served
from starlette.testclient import TestClient
from starlette.types import Message

from indexer.build.pipeline import build
from indexer.index.live_generation import generation_names, set_live
from service.auth.key_file import KeyFile
from service.settings import Settings
from service.web.answer_cache import AnswerCache
from service.web.app import create_app
from service.workers.backend import BusyError, Call, Reply

QUESTION = "Wie viele Schulen gibt es im Dorf?"
REQUEST_ID = "5f2b8c1e9d0a4b7f8c6d5e4f3a2b1c0d"


@pytest.fixture(scope="module")
def _two_generations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dispatcher")
    for text in ("Im Dorf gibt es eine Schule.", "Im Dorf gibt es zwei Schulen."):
        (folder / "dorf.txt").write_text(text, "utf-8")
        build([folder / "dorf.txt"], folder / "index", FakeEmbedder())
    return folder / "index"


@pytest.fixture
def index(_two_generations: Path, tmp_path: Path) -> Path:
    """An index of two generations, of which the older is live."""
    index = Path(shutil.copytree(_two_generations, tmp_path / "index"))
    set_live(index, generation_names(index)[0])
    return index


@pytest.fixture
def client(index: Path) -> Iterator[TestClient]:
    with served(index, address_rate=0) as client:
        yield client


def backend(client: TestClient) -> LocalBackend:
    found: LocalBackend = client.app.state.backend  # type: ignore[attr-defined]
    return found


def answered_by(client: TestClient, call: Callable[[Call], Awaitable[Reply]]) -> None:
    """Have questions answered by a function from now on."""
    backend(client).call = call  # type: ignore[method-assign]


def asked(client: TestClient, question: str = QUESTION, **further: object) -> dict[str, Any]:
    reply = client.post("/v1/ask", json={"question": question, **further})
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


def exposed(client: TestClient) -> set[str]:
    return set(client.get("/metrics").text.splitlines())


# The cache.


def test_the_same_question_is_answered_once(client: TestClient) -> None:
    assert asked(client) == asked(client)
    assert [call.name for call in backend(client).calls] == ["ask"]
    assert {
        'fundstelle_cache_total{result="hit"} 1.0',
        'fundstelle_cache_total{result="miss"} 1.0',
    } <= exposed(client)


def test_link_body_and_surrounding_white_space_make_the_same_question(client: TestClient) -> None:
    asked(client)
    asked(client, f"  {QUESTION}\n", max_citations=6, filters={})
    client.get("/v1/ask", params={"q": QUESTION})
    assert len(backend(client).calls) == 1


def test_a_search_is_cached_as_well(client: TestClient) -> None:
    for _ in range(2):
        client.post("/v1/search", json={"query": QUESTION})
    client.get("/v1/search", params={"q": QUESTION})
    assert len(backend(client).calls) == 1


def test_other_arguments_make_another_question(client: TestClient) -> None:
    different: list[dict[str, object]] = [
        {},
        {"max_citations": 3},
        {"language": "en"},
        {"filters": {"places": ["Hà Giang"]}},
        {"filters": {"documents": ["Hà Giang"]}},
    ]
    for further in (*different, *different):
        asked(client, **further)
    client.post("/v1/search", json={"query": QUESTION})
    asked(client, QUESTION.lower())
    assert len(backend(client).calls) == len(different) + 2


def test_an_answer_is_not_cached_beyond_its_generation(client: TestClient, index: Path) -> None:
    before = asked(client)
    old, new = generation_names(index)
    backend(client).holder.replace(new)
    after = asked(client)
    assert (before["index"]["generation"], after["index"]["generation"]) == (old, new)
    assert len(backend(client).calls) == 2
    backend(client).holder.replace(old)
    assert asked(client) == before
    assert len(backend(client).calls) == 2


def test_an_answer_that_comes_after_the_exchange_is_not_given_for_the_new_generation() -> None:
    cache, call = AnswerCache(1, 60), Call("ask", {"question": QUESTION})
    cache.put(call, Reply(200, b"{}", {"generation": "old"}))
    assert cache.get("new", call) is None
    assert cache.get("old", call) is not None


def test_a_question_is_not_answered_by_a_search_for_it() -> None:
    cache, arguments = AnswerCache(1, 60), {"q": QUESTION}
    cache.put(Call("search", arguments), Reply(200, b"{}", {"generation": "g"}))
    assert cache.get("g", Call("ask", arguments)) is None


def test_errors_are_not_cached(client: TestClient) -> None:
    facts = {"generation": backend(client).generation}
    answers = [Reply(503, b"", facts, "the index cannot be read"), BusyError("too many"), None]
    call = backend(client).call

    async def first_fail(what: Call) -> Reply:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found or await call(what)

    answered_by(client, first_fail)
    statuses = [client.get("/v1/ask", params={"q": QUESTION}).status_code for _ in range(4)]
    assert statuses == [503, 503, 200, 200]


def test_lists_and_documents_are_not_cached(client: TestClient) -> None:
    for path in ("/v1/documents", "/v1/documents/dorf.txt", "/v1/references") * 2:
        assert client.get(path).status_code == 200
    assert len(backend(client).calls) == 6


def test_without_room_nothing_is_cached(index: Path) -> None:
    with served(index, cache_mb=0) as client:
        assert asked(client) == asked(client)
        assert len(backend(client).calls) == 2


def test_an_answer_is_cached_for_a_limited_time(index: Path) -> None:
    with served(index, cache_seconds=0.01) as client:
        asked(client)
        time.sleep(0.02)
        asked(client)
        assert len(backend(client).calls) == 2


def test_the_least_recent_question_makes_room() -> None:
    cache = AnswerCache(0.011, 60)
    calls = [Call("ask", {"question": str(number)}) for number in range(10)]
    for call in calls:
        cache.put(call, Reply(200, b"x" * 2000, {"generation": "g"}))
    assert [cache.get("g", call) is not None for call in calls] == [False] * 7 + [True] * 3
    cache.put(Call("ask"), Reply(200, b"x" * 20_000, {"generation": "g"}))
    assert cache.get("g", Call("ask")) is None
    assert cache.get("g", calls[-1]) is not None


@pytest.mark.parametrize("size", [10, 300_000], ids=["short", "long"])
def test_the_cache_takes_no_more_memory_than_its_limit(size: int) -> None:
    cache = AnswerCache(2, 60)
    facts = {"generation": "20260101T000000000000-0a1b2c3d", "status": "answered", "language": "de"}
    tracemalloc.start()
    try:
        for number in range(2000 if size == 10 else 100):
            question = "x" * size + str(number)
            reply = Reply(200, b"x" * 100, {**facts, "encode": number / 7})
            cache.put(Call("search", {"query": question}), reply)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 2_300_000


def test_a_large_reply_is_not_cached() -> None:
    cache, call = AnswerCache(16, 60), Call("search", {"query": QUESTION})
    cache.put(call, Reply(200, b"x" * 120_000, {"generation": "g"}))
    assert cache.get("g", call) is None
    cache.put(call, Reply(200, b"x" * 80_000, {"generation": "g"}))
    assert cache.get("g", call) is not None


# How long it may take.


def test_an_answer_that_takes_too_long_is_given_up_with_a_503(index: Path) -> None:
    ended = []

    async def hang(_: Call) -> Reply:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        raise AssertionError

    with served(index, request_seconds=0.02) as client:
        answered_by(client, hang)
        reply = client.get("/v1/ask", params={"q": QUESTION})
    assert reply.status_code == 503
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["retry-after"] == "5"
    assert reply.json()["detail"] == "no answer within 0.02 seconds"
    assert ended == ["cancelled"]


def test_a_question_is_cancelled_when_its_client_disconnects(index: Path) -> None:
    ended = []

    class Queueing(LocalBackend):
        async def call(self, call: Call) -> Reply:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(call.name)
            raise AssertionError

    async def hung_up() -> int:
        app = create_app(Settings(index=index), Queueing(index, FakeEmbedder()))
        messages = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
        sent: list[Message] = []

        async def receive() -> Message:
            return messages.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/ask",
            "query_string": b"q=Dorf",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 50000),
            "http_version": "1.1",
            "scheme": "http",
        }
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(hung_up()) == 499
    assert ended == ["ask"]


def test_an_overload_is_a_503_with_the_time_to_wait(client: TestClient) -> None:
    async def busy(_: Call) -> Reply:
        raise BusyError("too many questions are waiting; ask again in a moment", 1.2)

    answered_by(client, busy)
    reply = client.post("/v1/ask", json={"question": QUESTION})
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")
    assert reply.json()["detail"] == "too many questions are waiting; ask again in a moment"


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2), (5.0, 5)])
def test_seconds_to_wait_are_whole_and_at_least_one(seconds: float, expected: int) -> None:
    assert BusyError("busy", seconds).retry_after == expected


@pytest.mark.parametrize(("status", "detail"), [(404, "there is no such document"), (500, "it failed")])
def test_a_reply_that_is_no_answer_is_a_problem(client: TestClient, status: int, detail: str) -> None:
    async def fail(_: Call) -> Reply:
        return Reply(status, b"", {"generation": "g"}, detail)

    answered_by(client, fail)
    reply = client.get("/v1/documents/none")
    assert (reply.status_code, reply.json()["detail"]) == (status, detail)
    assert reply.headers["content-type"] == "application/problem+json"


# What is counted.


def test_answers_are_counted_by_status_and_language_out_of_the_cache_too(client: TestClient) -> None:
    for question in (
        "Mängel der Resolution 157?",
        "Mängel der Resolution 157?",
        "Findings on Resolution 157?",
    ):
        assert asked(client, question)["status"] == "unknown_reference"
    client.post("/v1/search", json={"query": QUESTION})
    found = {line for line in exposed(client) if line.startswith("fundstelle_answers_total{")}
    assert found == {
        'fundstelle_answers_total{language="de",status="unknown_reference"} 2.0',
        'fundstelle_answers_total{language="en",status="unknown_reference"} 1.0',
    }


def test_the_stages_of_an_answer_are_timed_once_though_it_is_given_twice(client: TestClient) -> None:
    for _ in range(2):
        asked(client)
    found = exposed(client)
    for stage in ("encode", "answer"):
        assert f'fundstelle_stage_seconds_count{{call="ask",stage="{stage}"}} 1.0' in found
    assert "fundstelle_batch_texts_count 1.0" in found


# What is noted.


def noted(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_answered_question_is_audited_with_its_key(index: Path, tmp_path: Path) -> None:
    file, audit = KeyFile(tmp_path / "keys.json"), tmp_path / "audit.jsonl"
    key, text = file.add("intranet")
    with served(index, keys=file.path, audit="full", audit_file=audit) as client:
        headers = {"Authorization": f"Bearer {text}", "X-Request-ID": REQUEST_ID}
        client.post("/v1/ask", json={"question": "Mängel der Resolution 157?"}, headers=headers)
        client.get("/v1/search", params={"q": QUESTION}, headers=headers)
        client.get("/v1/search", params={"q": QUESTION}, headers=headers)
        client.get("/v1/documents", headers=headers)
        client.get("/v1/ask", params={"q": ""}, headers=headers)
        client.get("/v1/ask", params={"q": QUESTION})
    [ask, search, again] = noted(audit)
    for line in (ask, search, again):
        assert (line["key_id"], line["request_id"]) == (key.id, REQUEST_ID)
        assert line["generation"] == generation_names(index)[0]
        assert line["language"] == "de"
    assert (ask["call"], ask["question"]) == ("ask", "Mängel der Resolution 157?")
    assert (ask["status"], search["status"]) == ("unknown_reference", None)
    assert search["question"] == again["question"] == QUESTION
    assert text not in audit.read_text("utf-8")


def test_hashes_identify_equal_questions_but_reveal_none(index: Path, tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    with served(index, audit="hash", audit_file=audit) as client:
        for question in (QUESTION, QUESTION.upper(), "Wer baute die Brücke?"):
            asked(client, question)
    first, second, third = noted(audit)
    assert first["hash"] == second["hash"] != third["hash"]
    assert "question" not in first
    assert not any(word in audit.read_text("utf-8") for word in ("Schule", "SCHULE", "Brücke"))


def test_without_the_audit_log_nothing_is_recorded(index: Path, tmp_path: Path) -> None:
    with served(index, audit_file=tmp_path / "audit.jsonl") as client:
        asked(client)
    assert not list(tmp_path.glob("audit*"))
