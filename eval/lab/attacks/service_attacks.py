"""Attacks by requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil

from eval.lab.attacks import http_requests
from eval.lab.attacks.attack import AttackResult
from eval.lab.service_process import ServiceProcess, running_service
from indexer.entities.dates import find_periods
from indexer.entities.key_index import KeyIndex
from service.auth.key_file import KeyFile

_ORIGIN = "https://intranet.example"
#: Values of a filter: those of the review, and the most that a request may have.
_VALUES = (1000, 50)


def attack_service(index: Path, folder: Path) -> Iterator[AttackResult]:
    """All attacks on a service over an index.

    Args:
        folder: for log and keys.
    """
    with running_service(index, folder, {"FUNDSTELLE_ADDRESS_RATE": "0"}, workers=1) as service:
        for attack in _KEYLESS:
            yield attack(service)
    keys = KeyFile(folder / "keys.json")
    widget = keys.add("widget", origins=(_ORIGIN,))[1]
    settings = {"FUNDSTELLE_ADDRESS_RATE": "0", "FUNDSTELLE_KEYS": str(keys.path)}
    with running_service(index, folder, settings, workers=1) as service:
        yield _list_by_widget_key(service, {"Authorization": f"Bearer {widget}", "Origin": _ORIGIN})
    yield _near_references()
    yield _periods()


def _fill_cache(service: ServiceProcess) -> AttackResult:
    front = psutil.Process(service.process.pid)
    before = front.memory_info().rss
    for number in range(200):
        for count in _VALUES:
            values = [f"{number}-{value}-{'x' * 180}" for value in range(count)]
            filters = {"documents": values, "places": values}
            http_requests.post(service.url, "/v1/search", {"query": "Mängel", "filters": filters})
    grown = (front.memory_info().rss - before) / 1e6
    return AttackResult(
        "200 searches with 2 × 1,000 filter values, and with 2 × 50: growth of the front",
        "747 MB", f"{grown:.0f} MB", "≤ 30 MB", grown <= 30,
    )  # fmt: skip


def _block_loop(service: ServiceProcess) -> AttackResult:
    def send() -> None:
        for count in _VALUES:
            body = {"query": "Mängel", "filters": {"references": ["Resolution 57, " * 13] * count}}
            http_requests.post(service.url, "/v1/search", body)

    with http_requests.slowest_health(service.url) as taken:
        http_requests.at_once(5, send)
    slowest = max(taken)
    return AttackResult(
        "five bodies of 203 kB with long references: slowest /healthz",
        "6.8 s", f"{slowest:.2f} s", "≤ 0.5 s", slowest <= 0.5,
    )  # fmt: skip


def _unknown_fields(service: ServiceProcess) -> AttackResult:
    sizes = []
    for count in (75_000, 4_000):
        body = {"query": "Mängel", **{f"f{number}": 0 for number in range(count)}}
        sizes.append(http_requests.post(service.url, "/v1/search", body)[1])
    return AttackResult(
        "75,000 unknown fields, and 4,000: reply",
        "4,600 kB", f"{max(sizes) / 1000:.0f} kB", "≤ 64 kB", max(sizes) <= 64_000,
    )  # fmt: skip


def _long_places(service: ServiceProcess) -> AttackResult:
    slowest = 0.0
    for count, length in ((1000, 500), (50, 200)):
        body = {"query": "Mängel", "filters": {"places": [("Ha " * 200)[:length]] * count}}
        slowest = max(slowest, http_requests.post(service.url, "/v1/search", body)[2])
    return AttackResult(
        "filter of 1,000 places of 500 characters, and 50 of 200: slowest request",
        "8.2 s", f"{slowest:.2f} s", "≤ 1 s", slowest <= 1,
    )  # fmt: skip


def _unknown_acts(service: ServiceProcess) -> AttackResult:
    question = "Welche Mängel gab es bei Resolution " + ", ".join(str(n) for n in range(1001, 1380))
    status, _, seconds = http_requests.post(service.url, "/v1/ask", {"question": question[:2000]})
    return AttackResult(
        "question about 330 unknown acts", "15 s", f"{seconds:.2f} s (status {status})", "≤ 5 s", seconds <= 5
    )


def _half_heads(service: ServiceProcess) -> AttackResult:
    front, written = psutil.Process(service.process.pid), service.log.stat().st_size
    with http_requests.half_sent_heads(service.url, 800) as opened:
        time.sleep(1)
        descriptors = front.num_fds()
        seconds = http_requests.request(service.url, "GET", "/healthz")[2]
    grown = (service.log.stat().st_size - written) / 1e6
    holds = descriptors < 600 and grown < 1
    return AttackResult(
        f"{opened} half-sent heads from one address: descriptors of the front, log",
        "no limit, 31 MB",
        f"{descriptors}, {grown:.2f} MB (/healthz {seconds:.2f} s)", "< 600, < 1 MB", holds,
    )  # fmt: skip


def _foreign_host(service: ServiceProcess) -> AttackResult:
    status = http_requests.request(service.url, "GET", "/v1/documents", headers={"Host": "evil.example"})[0]
    return AttackResult(
        "Host of another name without keys (DNS rebinding)", "200", str(status), "4xx", 400 <= status < 500
    )


def _two_lengths(service: ServiceProcess) -> AttackResult:
    head = b"POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    line, closed = http_requests.raw(
        service.url,
        head
        + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
    )
    measured = f"{line.partition(' ')[2][:3]}, {'closed' if closed else 'open'}"
    return AttackResult(
        "Transfer-Encoding beside Content-Length",
        "accepted",
        measured,
        "400, closed",
        measured == "400, closed",
    )


def _list_by_widget_key(service: ServiceProcess, headers: Mapping[str, str]) -> AttackResult:
    status = http_requests.request(service.url, "GET", "/v1/documents", headers=headers)[0]
    return AttackResult(
        "widget key with a forged Origin lists documents", "200", str(status), "403", status == 403
    )


def _near_references() -> AttackResult:
    known = [f"{kind}-{number}" for kind in ("NQ", "CT", "KL", "QD") for number in range(1, 2500)]
    index = KeyIndex(known)
    began = time.perf_counter()
    for number in range(5000, 5100):
        index.nearest(f"NQ-{number}")
    seconds = time.perf_counter() - began
    return AttackResult(
        "100 unknown acts beside 10,000 known ones", "15 s", f"{seconds:.2f} s", "≤ 3 s", seconds <= 3
    )


def _periods() -> AttackResult:
    began = time.perf_counter()
    find_periods("Im März 2024 und am 12. Quartal ngày 3 tháng 4 năm 2024 " * 7000)
    seconds = time.perf_counter() - began
    return AttackResult("periods of a text of 400 kB", "8 s", f"{seconds:.2f} s", "≤ 2 s", seconds <= 2)


_KEYLESS: tuple[Callable[[ServiceProcess], AttackResult], ...] = (
    _fill_cache,
    _block_loop,
    _unknown_fields,
    _long_places,
    _unknown_acts,
    _half_heads,
    _foreign_host,
    _two_lengths,
)
