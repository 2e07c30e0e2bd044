"""API keys in memory, as requests are checked against them."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.auth import key_ring
from service.auth.api_key import secret_digest
from service.auth.key_file import KeyFile, KeyFileError
from service.auth.key_ring import KeyRefusedError, KeyRing, allows, allows_origin

PAGE = "https://intranet.example"
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def refusal(ring: KeyRing, text: str) -> str:
    with pytest.raises(KeyRefusedError) as caught:
        ring.identify(text)
    return caught.value.reason


def test_a_key_is_identified_by_its_text_alone(file: KeyFile) -> None:
    (first, text), (second, other) = file.add("intranet"), file.add("archive")
    ring = KeyRing.open(file.path)
    assert (ring.identify(text), ring.identify(other)) == (first, second)
    assert refusal(ring, text.replace(first.id, second.id)) == "unknown"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.swapcase(),
        lambda text: text[:-1] + "é",
        lambda text: text[:-1] + "\udcff",
        lambda text: text * 20_000,
        lambda text: "fst_zzzzzzzz_" + "A" * 43,
    ],
)
def test_any_other_text_is_unknown(file: KeyFile, change: Callable[[str], str]) -> None:
    _, text = file.add("intranet")
    assert refusal(KeyRing.open(file.path), change(text)) == "unknown"


def test_every_text_costs_one_digest_of_as_many_characters_whether_its_id_is_known_or_not(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, text = file.add("intranet")
    ring = KeyRing.open(file.path)
    digested: list[tuple[int, int]] = []
    digest = secret_digest

    def counting(salt: str, secret: str) -> str:
        digested.append((len(salt), len(secret)))
        return digest(salt, secret)

    monkeypatch.setattr(key_ring, "secret_digest", counting)
    ring.identify(text)
    for unknown in (f"fst_{key.id}_" + "A" * 43, "fst_zzzzzzzz_" + "A" * 43, "no key of ours, of " * 50_000):
        assert refusal(ring, unknown) == "unknown"
    assert digested == [(32, 43)] * 4


def test_a_key_is_in_force_until_the_moment_it_expires(file: KeyFile) -> None:
    key, text = file.add("intranet", expires=TOMORROW)
    now = [TOMORROW - timedelta(microseconds=1)]
    ring = KeyRing.open(file.path, lambda: now[0])
    assert ring.identify(text) == key
    now[0] = TOMORROW
    assert refusal(ring, text) == "expired"


def test_only_the_right_secret_reveals_that_a_key_is_revoked(file: KeyFile) -> None:
    key, text = file.add("intranet")
    file.revoke("intranet")
    ring = KeyRing.open(file.path)
    assert refusal(ring, text) == "revoked"
    assert refusal(ring, f"fst_{key.id}_" + "A" * 43) == "unknown"


def test_a_ring_needs_a_file(file: KeyFile) -> None:
    with pytest.raises(KeyFileError, match=r"no key file .* `python -m service keys add NAME"):
        KeyRing.open(file.path)


def test_keys_made_and_revoked_are_noticed_by_a_refresh(file: KeyFile) -> None:
    _, old = file.add("intranet")
    ring = KeyRing.open(file.path)
    assert ring.refresh() is False
    new_key, new = file.add("archive")
    file.revoke("intranet")
    assert ring.refresh() is True
    assert ring.refresh() is False
    assert ring.identify(new) == new_key
    assert refusal(ring, old) == "revoked"


def test_a_malformed_or_vanished_file_leaves_the_keys_in_force_and_is_logged_once_per_change(
    file: KeyFile, caplog: pytest.LogCaptureFixture
) -> None:
    key, text = file.add("intranet")
    ring = KeyRing.open(file.path)
    good = file.path.read_bytes()

    def break_it(content: bytes | None) -> list[str]:
        caplog.clear()
        file.path.unlink() if content is None else file.path.write_bytes(content)
        assert [ring.refresh() for _ in range(3)] == [False] * 3
        assert ring.identify(text) == key
        return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]

    (malformed,) = break_it(b"{")
    assert malformed.startswith(
        f"the key file cannot be used, the previous keys stay valid: {file.path}: Expecting"
    )
    assert len(break_it(b"{}")) == 1
    (vanished,) = break_it(None)
    assert f"no key file {file.path}" in vanished
    file.path.write_bytes(good)
    assert ring.refresh() is True
    assert len(break_it(None)) == 1


def test_a_file_that_could_not_be_opened_for_a_moment_is_read_later_though_it_has_not_changed(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = file.add("intranet")
    ring = KeyRing.open(file.path)
    file.revoke("intranet")

    def busy(*_: object) -> str:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", busy)
        assert ring.refresh() is False
    assert ring.refresh() is True
    assert refusal(ring, text) == "revoked"


def test_a_key_allows_its_scopes_and_no_others(file: KeyFile) -> None:
    admin, _ = file.add("operator", ["admin"])
    assert (allows(admin, ["admin"]), allows(admin, ["ask", "widget"])) == (True, False)


def test_only_a_widget_key_needs_an_origin_and_one_of_its_own(file: KeyFile) -> None:
    (widget, _), (key, _) = file.add("widget", origins=[PAGE]), file.add("intranet")
    sent = [PAGE, "https://other.example", "null", "", None]
    assert [allows_origin(widget, origin) for origin in sent] == [True, False, False, False, False]
    assert all(allows_origin(key, origin) for origin in sent)


def test_the_origins_are_those_of_widget_keys_in_force(file: KeyFile) -> None:
    file.add("kept", origins=[PAGE, "http://localhost:8080"])
    file.add("expired", origins=["https://expired.example"], expires=TOMORROW)
    file.add("revoked", origins=["https://revoked.example"])
    file.revoke("revoked")
    ring = KeyRing.open(file.path, lambda: TOMORROW)
    assert ring.origins() == {PAGE, "http://localhost:8080"}
