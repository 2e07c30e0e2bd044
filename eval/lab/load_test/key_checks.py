"""API keys over HTTP: statuses of good and bad keys, wording and timing of refusals."""

from __future__ import annotations

import contextlib
import http.client
import re
import statistics
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scipy import stats

from eval.lab.checks import Check
from eval.lab.load_test.scenarios import UNLIMITED, LoadPlan
from service.auth.key_file import KeyFile

_ORIGIN = "https://intranet.example"
#: Internals that no error reveals: folders, tracebacks, libraries.
_INTERNALS = re.compile(
    r"(?<![\w/.])/(?!v1/|metrics|healthz|readyz|docs|openapi)[\w.-]+/[\w.-]+|Traceback|File \""
    r"|\b(?:torch|faiss|starlette|fastapi|uvicorn|pydantic|sqlite\d?|transformers|python|h11|numpy)\b",
    re.IGNORECASE,
)
_TIMED = 2000


def leaks(body: str) -> list[str]:
    """The internals that an error body reveals."""
    return [match[0] for match in _INTERNALS.finditer(body)]


@dataclass(slots=True)
class _Client:
    """A client with a new connection for each request. ``errors``: bodies of all errors."""

    url: str
    errors: list[str] = field(default_factory=list)

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Status, media type and body of a reply."""
        connection = http.client.HTTPConnection(str(urllib.parse.urlsplit(self.url).netloc), timeout=30)
        try:
            # A refusal may come before the whole request was sent; its reply can be read.
            with contextlib.suppress(OSError):
                connection.request("GET", path, headers=dict(headers))
            reply = connection.getresponse()
            body = reply.read().decode("utf-8", "replace")
        finally:
            connection.close()
        if reply.status >= 400:
            self.errors.append(body)
        return reply.status, reply.headers.get_content_type(), body


def check_keys(plan: LoadPlan) -> list[Check]:
    """Good and bad keys: statuses, wording and timing of refusals."""
    file = KeyFile(plan.folder / "keys.json")
    good, admin = file.add("good")[1], file.add("watcher", scopes=("admin",))[1]
    widget = file.add("widget", origins=(_ORIGIN,))[1]
    gone, soon = file.add("gone")[1], file.add("soon")[1]
    late = file.add("late", expires=datetime.now(UTC) + timedelta(seconds=3))[1]
    file.revoke("gone")
    wrong = good[:-6] + "AAAAAA"
    unknown = "fst_zzzzzzzz" + good[12:]
    settings = {**UNLIMITED, "FUNDSTELLE_KEYS": str(file.path), "FUNDSTELLE_KEY_RATE": "0"}
    with plan.service(settings, workers=1) as service:
        client = _Client(service.url)
        cases: tuple[tuple[str, str, dict[str, str], int], ...] = (
            ("no key", "/v1/references", {}, 401),
            ("unknown id", "/v1/references", _bearer(unknown), 401),
            ("known id, wrong secret", "/v1/references", _bearer(wrong), 401),
            ("revoked", "/v1/references", _bearer(gone), 401),
            ("expired", "/v1/references", _bearer(late), 401),
            (
                "widget from another origin",
                "/v1/references",
                _bearer(widget) | {"Origin": "https://evil.example"},
                403,
            ),
            ("widget without origin", "/v1/references", _bearer(widget), 403),
            ("scope ask at /metrics", "/metrics", _bearer(good), 403),
            ("scope admin at /v1", "/v1/references", _bearer(admin), 403),
            ("good", "/v1/references", _bearer(good), 200),
            ("good, X-API-Key", "/v1/references", {"X-API-Key": good}, 200),
            ("widget from its origin", "/v1/references", _bearer(widget) | {"Origin": _ORIGIN}, 200),
            ("admin at /metrics", "/metrics", _bearer(admin), 200),
        )
        checks, refusals = [], set()
        for name, path, headers, status in cases:
            got, kind, body = client.get(path, headers)
            problem = status == 200 or kind == "application/problem+json"
            checks.append(Check(name, f"{got} {kind}", str(status), got == status and problem))
            if status == 401:
                refusals.add(body)
        checks.append(Check("wordings of 401", str(len(refusals)), "1", len(refusals) == 1))
        status, kind, _ = client.get("/v1/references", _bearer("fst_" + "x" * 1_000_000))
        alive = client.get("/v1/references", _bearer(good))[0] == 200
        held = status in (401, 431) and kind == "application/problem+json" and alive
        checks.append(
            Check(
                "key of 1 MB, then a good one",
                f"{status} {kind}, {'200' if alive else 'dead'}",
                "refused, 200",
                held,
            )
        )
        before = client.get("/v1/references", _bearer(soon))[0]
        file.revoke("soon")
        began = time.monotonic()
        while client.get("/v1/references", _bearer(soon))[0] != 401 and time.monotonic() - began < 30:
            time.sleep(0.1)
        took = time.monotonic() - began
        checks.append(
            Check(
                "seconds until a revoked key is refused", f"{took:.1f} (before: {before})", "≤ 5", took <= 5
            )
        )
        checks += _timing(service.url, unknown, wrong)
        leaked = [leak for body in client.errors for leak in leaks(body)]
        checks.append(
            Check(
                f"internals in {len(client.errors)} error bodies",
                str(leaked or "none"),
                "none",
                not leaked,
            )
        )
    return checks


def _bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def _timing(url: str, unknown: str, wrong: str) -> list[Check]:
    """Milliseconds of refusals of an unknown id and of a wrong secret, in turn over one connection."""
    connection = http.client.HTTPConnection(str(urllib.parse.urlsplit(url).netloc), timeout=30)
    milliseconds: dict[str, list[float]] = {unknown: [], wrong: []}
    for _ in range(_TIMED):
        for text, values in milliseconds.items():
            began = time.perf_counter()
            connection.request("GET", "/v1/references", headers=_bearer(text))
            connection.getresponse().read()
            values.append((time.perf_counter() - began) * 1000)
    connection.close()
    a, b = (statistics.median(values) for values in milliseconds.values())
    p = float(stats.mannwhitneyu(*milliseconds.values()).pvalue)
    name = f"refusal: unknown id against wrong secret, medians of {_TIMED}"
    return [
        Check(
            name, f"{a:.3f} / {b:.3f} ms, ratio {a / b:.3f}, p {p:.2f}", ".97 to 1.03", 0.97 <= a / b <= 1.03
        )
    ]
