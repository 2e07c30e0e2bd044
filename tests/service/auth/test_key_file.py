"""API keys: the file they are kept in, the ring every request is checked against, the commands."""

import json
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from service.auth import key_ring as ring_module
from service.auth.api_key import KEY_TEXT, Key, secret_digest
from service.auth.key_file import KeyFile, KeyFileError
from service.auth.key_ring import KeyRefusedError, KeyRing, allows, allows_origin
from service.cli.keys import app

PAGE = "https://intranet.example"
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def edited(file: KeyFile, change: Callable[[Any], object]) -> KeyFile:
    """The file after a change by hand."""
    content = json.loads(file.path.read_text("utf-8"))
    change(content)
    file.path.write_text(json.dumps(content), "utf-8")
    return file


def refusal(ring: KeyRing, text: str) -> str:
    with pytest.raises(KeyRefusedError) as caught:
        ring.identify(text)
    return caught.value.reason


def test_a_key_is_read_back_as_it_was_made(file: KeyFile) -> None:
    key, _ = file.add("Nội bộ", ["ask", "admin"], expires=TOMORROW, rate=2.5)
    assert file.read() == (key,)
    assert (key.name, key.scopes, key.origins) == ("Nội bộ", {"ask", "admin"}, ())
    assert (key.expires, key.revoked, key.rate, key.widget) == (TOMORROW, None, 2.5, False)


def test_the_text_of_a_key_holds_its_id_and_a_secret_of_256_bits(file: KeyFile) -> None:
    for name in map(str, range(20)):
        key, text = file.add(name)
        match = KEY_TEXT.fullmatch(text)
        assert match and match[1] == key.id
        assert len(match[2]) * 6 >= 256


def test_neither_file_nor_repr_holds_the_secret_and_repr_not_even_the_digest(file: KeyFile) -> None:
    key, text = file.add("intranet")
    secret = text.removeprefix(f"fst_{key.id}_")
    assert secret not in file.path.read_text("utf-8")
    assert not any(part in repr(key) for part in (secret, key.salt, key.digest))


def test_the_file_is_its_owners_alone_and_nothing_else_is_left_but_the_lock(file: KeyFile) -> None:
    file.add("intranet")
    file.path.chmod(0o644)
    file.add("archive")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in file.path.parent.iterdir()) == [".keys.json.lock", "keys.json"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_change_by_root_leaves_the_file_to_its_owner(file: KeyFile) -> None:
    file.add("intranet")
    os.chown(file.path, 12345, 12345)
    file.add("archive")
    assert (file.path.stat().st_uid, file.path.stat().st_gid) == (12345, 12345)


def test_behind_a_link_the_file_is_changed_and_the_link_stays(file: KeyFile) -> None:
    link = file.path.with_name("link.json")
    link.symlink_to(file.path)
    key, _ = KeyFile(link).add("intranet")
    assert link.is_symlink()
    assert file.read() == (key,)


def test_keys_added_at_the_same_time_are_all_kept(file: KeyFile) -> None:
    with ThreadPoolExecutor(6) as pool:
        ids = {key.id for key, _ in pool.map(lambda n: KeyFile(file.path).add(f"key {n}"), range(18))}
    assert len(ids) == 18
    assert {key.id for key in file.read()} == ids


def test_a_change_that_another_one_blocks_gives_up(file: KeyFile) -> None:
    impatient = KeyFile(file.path, lock_timeout=0)
    with FileLock(file.path.with_name(".keys.json.lock")), pytest.raises(KeyFileError, match="locked"):
        impatient.add("intranet")


def test_a_change_that_fails_half_way_leaves_the_old_file(
    file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = file.add("intranet")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match=r"keys\.json: cannot be changed .*No space left"):
        file.add("archive")
    assert file.read() == (key,)
    assert not list(file.path.parent.glob(".keys.json.[!l]*"))


def test_a_revoked_key_stays_with_its_date_and_its_name_is_free_again(file: KeyFile) -> None:
    old, _ = file.add("intranet")
    assert file.revoke("intranet").revoked is not None
    new, _ = file.add("intranet")
    assert [(key.id, key.revoked is None) for key in file.read()] == [(old.id, False), (new.id, True)]
    assert file.revoke("intranet").id == new.id


def test_a_key_is_revoked_by_its_id_as_well(file: KeyFile) -> None:
    key, _ = file.add("intranet")
    assert file.revoke(key.id).id == key.id


def test_revoking_nothing_or_twice_is_an_error(file: KeyFile) -> None:
    file.add("intranet")
    with pytest.raises(KeyFileError, match=r"keys\.json: no key has the id or name 'archive'"):
        file.revoke("archive")
    file.revoke("intranet")
    with pytest.raises(KeyFileError, match=r"'intranet' has been revoked already, at 20"):
        file.revoke("intranet")


def test_revoking_where_there_is_no_file_makes_none(file: KeyFile) -> None:
    with pytest.raises(KeyFileError, match="no key file"):
        KeyFile(file.path.parent / "typo" / "keys.json").revoke("intranet")
    assert not list(file.path.parent.iterdir())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": " "}, "name: ' ' is not 1 to 100 printable"),
        ({"name": "a\x1b[2Jb"}, "name: .* printable"),
        ({"name": "a" * 101}, "name: .* 1 to 100"),
        ({"scopes": []}, "scopes: "),
        ({"scopes": ["write"]}, "scopes: .*'write'"),
        ({"origins": ["intranet.example"]}, "origins: 'intranet.example' is not an origin"),
        ({"origins": [PAGE], "scopes": ["ask", "admin"]}, "scopes: .* public"),
        ({"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "expires: 2020-01-01 .* past"),
        ({"expires": datetime(2999, 1, 1)}, "expires: .* no offset"),
        ({"rate": -1}, "rate: -1 is not"),
        ({"rate": float("nan")}, "rate: nan is not"),
    ],
)
def test_what_a_key_may_not_be_is_refused_by_field_and_nothing_is_written(
    file: KeyFile, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(KeyFileError, match=rf"keys\.json: {message}"):
        file.add(**({"name": "intranet"} | values))
    assert not file.path.exists()


def test_two_keys_in_force_cannot_share_a_name_however_it_is_typed(file: KeyFile) -> None:
    key, _ = file.add("Nội bộ")
    with pytest.raises(KeyFileError, match=rf"name: .* belongs to key {key.id} already"):
        file.add(" Nô\u0323i bô\u0323 ")


def test_a_name_cannot_be_the_id_of_another_key(file: KeyFile) -> None:
    key, _ = file.add("intranet")
    with pytest.raises(KeyFileError, match=rf"name: '{key.id}' belongs to key {key.id} already"):
        file.add(key.id)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.update(format=2), "format: 2, this version reads 1"),
        (lambda file: file.update(keys={}), "keys: not a list"),
        (lambda file: file["keys"].append("key"), r"keys\[1\]: not a JSON object"),
        (lambda file: file["keys"][0].pop("expires"), r"keys\[0\]: expires: missing"),
        (lambda file: file["keys"][0].update(expire="2030-01-01"), r"keys\[0\]: expire: unknown field"),
        (lambda file: file["keys"][0].update(expires="soon"), r"keys\[0\]: expires: .*'soon'"),
        (lambda file: file["keys"][0].update(expires=2030), r"keys\[0\]: expires: 2030 is not text"),
        (lambda file: file["keys"][0].update(created="0001-01-01T00:00:00+05:00"), r"keys\[0\]: created: "),
        (lambda file: file["keys"][0].update(name=None), r"keys\[0\]: name: None is not text"),
        (lambda file: file["keys"][0].update(scopes="ask"), r"keys\[0\]: scopes: 'ask' is not a list"),
        (lambda file: file["keys"][0].update(origins=PAGE), r"keys\[0\]: origins: .* is not a list"),
        (lambda file: file["keys"][0].update(rate="fast"), r"keys\[0\]: rate: 'fast' is not a number"),
        (lambda file: file["keys"][0].update(digest="0" * 63), r"keys\[0\]: digest: does not match"),
        (lambda file: file["keys"].append(file["keys"][0]), "id: .* belongs to key .* already"),
    ],
)
def test_a_file_edited_wrongly_is_refused_by_field(
    file: KeyFile, change: Callable[[Any], object], message: str
) -> None:
    file.add("intranet")
    with pytest.raises(KeyFileError, match=rf"keys\.json: {message}"):
        edited(file, change).read()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=repr)
def test_a_file_of_something_else_is_refused_and_not_overwritten(file: KeyFile, content: bytes) -> None:
    file.path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"keys\.json: "):
        file.add("intranet")
    assert file.path.read_bytes() == content


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"not readable \(Is a directory\)"):
        KeyFile(tmp_path).read()


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

    monkeypatch.setattr(ring_module, "secret_digest", counting)
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


def test_only_who_holds_the_secret_learns_that_a_key_is_revoked(file: KeyFile) -> None:
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
    assert malformed.startswith(f"the keys in force stay as they were: {file.path}: Expecting")
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
    assert (allows(admin, "admin"), allows(admin, "ask")) == (True, False)


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


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither environment nor a `.env` file of whoever runs the tests counts."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("FUNDSTELLE_")]:
        monkeypatch.delenv(name)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_add_prints_the_key_alone_on_stdout_and_that_it_is_shown_once_on_stderr(file: KeyFile) -> None:
    result = run("add", "intranet", "--keys", file.path)
    assert result.exit_code == 0
    assert KeyRing.open(file.path).identify(result.stdout.removesuffix("\n")).name == "intranet"
    assert result.stderr == f"This key is shown only now: {file.path} keeps only a digest of it.\n"


def test_add_takes_scopes_origins_and_a_rate(file: KeyFile) -> None:
    run("add", "operator", "--keys", file.path, "--scope", "admin", "--scope", "ask", "--rate", "0")
    run("add", "widget", "--keys", file.path, "--origin", PAGE, "--origin", "http://localhost:8080")
    operator, widget = file.read()
    assert (operator.scopes, operator.rate, operator.widget) == ({"admin", "ask"}, 0, False)
    assert (widget.scopes, widget.rate) == ({"ask"}, None)
    assert widget.origins == (PAGE, "http://localhost:8080")


def test_a_key_with_a_last_day_is_valid_through_it_in_utc(file: KeyFile) -> None:
    run("add", "intranet", "--keys", file.path, "--expires", "2999-01-31")
    assert file.read()[0].expires == datetime(2999, 1, 31, 23, 59, 59, tzinfo=UTC)


def test_a_key_for_ninety_days_expires_ninety_days_after_it_was_made(file: KeyFile) -> None:
    run("add", "intranet", "--keys", file.path, "--expires", "90d")
    (key,) = file.read()
    assert key.expires
    assert timedelta(0) <= key.created + timedelta(days=90) - key.expires <= timedelta(seconds=60)


def test_add_prints_one_json_document_with_the_key_in_it(file: KeyFile) -> None:
    added = json.loads(run("add", "widget", "--keys", file.path, "--origin", PAGE, "--json").stdout)
    key = KeyRing.open(file.path).identify(added.pop("key"))
    assert added == {
        "id": key.id,
        "name": "widget",
        "scopes": ["ask"],
        "origins": [PAGE],
        "created": key.created.isoformat(),
        "expires": None,
        "revoked": None,
        "rate": None,
        "state": "active",
    }


def three(file: KeyFile) -> tuple[Key, ...]:
    file.add("intranet [blue] :smile:", ["ask", "admin"], rate=2.5)
    file.add("widget", origins=[PAGE], expires=TOMORROW)
    file.add("old")
    file.revoke("old")
    edited(file, lambda content: content["keys"][1].update(expires="2020-01-01T00:00:00Z"))
    return file.read()


def test_list_shows_every_key_with_its_state_and_no_secrets(file: KeyFile) -> None:
    keys = three(file)
    output = run("list", "--keys", file.path).stdout
    head, *rows = (line.split() for line in output.splitlines())
    assert head == ["id", "name", "scopes", "origins", "created", "expires", "state", "rate"]
    made = keys[0].created.isoformat()
    assert rows[0] == [
        *(keys[0].id, "intranet", "[blue]", ":smile:", "admin", "ask", made, "never", "active", "2.5/s")
    ]
    assert rows[1][:3] == [keys[1].id, "widget", "ask"]
    assert rows[1][3:] == [
        PAGE,
        keys[1].created.isoformat(),
        "2020-01-01T00:00:00+00:00",
        "expired",
        "as",
        "set",
    ]
    assert keys[2].revoked
    assert rows[2][-4:] == ["revoked", keys[2].revoked.isoformat(), "as", "set"]
    assert not any(part in output for key in keys for part in (key.salt, key.digest))


def test_list_as_json_has_the_same_keys_and_no_secrets(file: KeyFile) -> None:
    keys = three(file)
    rows = json.loads(run("list", "--keys", file.path, "--json").stdout)["keys"]
    assert [(row["id"], row["state"]) for row in rows] == [
        (keys[0].id, "active"),
        (keys[1].id, "expired"),
        (keys[2].id, "revoked"),
    ]
    assert not any({"salt", "digest", "key"} & row.keys() for row in rows)


def test_revoke_takes_a_name_or_an_id(file: KeyFile) -> None:
    (first, _), (second, _) = file.add("intranet"), file.add("archive")
    assert run("revoke", "intranet", "--keys", file.path).stdout == f"revoked {first.id} intranet\n"
    assert run("revoke", second.id, "--keys", file.path).exit_code == 0
    assert all(key.revoked for key in file.read())


def test_the_file_may_come_from_the_settings(
    file: KeyFile, elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_KEYS", str(file.path))
    assert run("add", "intranet").exit_code == 0
    assert file.read()[0].name == "intranet"


def test_without_a_file_named_anywhere_the_usage_is_told(elsewhere: None) -> None:
    for command in (["add", "intranet"], ["list"], ["revoke", "intranet"]):
        result = run(*command)
        assert result.exit_code == 2
        assert "FUNDSTELLE_KEYS" in result.stderr


def test_a_setting_that_is_wrong_is_named_in_one_line(
    elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNDSTELLE_PORT", "many")
    result = run("list")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: setting FUNDSTELLE_PORT: ")


@pytest.mark.parametrize(
    "option", [("--expires", "soon"), ("--expires", "2027-02-30"), ("--scope", "write"), ("--rate", "-1")]
)
def test_an_option_that_cannot_be_read_is_a_usage_error(file: KeyFile, option: tuple[str, str]) -> None:
    assert run("add", "intranet", "--keys", file.path, *option).exit_code == 2
    assert not file.path.exists()


def test_what_the_file_does_not_allow_is_told_in_one_line(file: KeyFile) -> None:
    file.add("intranet")
    result = run("add", "intranet", "--keys", file.path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {file.path}: name: 'intranet' belongs to key ")
    assert result.stderr.count("\n") == 1
