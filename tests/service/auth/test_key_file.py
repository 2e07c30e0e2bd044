"""The file of API keys."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from service.auth.api_key import KEY_TEXT
from service.auth.key_file import KeyFile, KeyFileError

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


def test_a_key_is_read_back_as_it_was_made(file: KeyFile) -> None:
    key, _ = file.add("Nội bộ", ["ask", "admin"], expires=TOMORROW, rate=2.5)
    assert file.read() == (key,)
    assert (key.name, key.scopes, key.origins) == ("Nội bộ", {"ask", "admin"}, ())
    assert (key.expires, key.revoked, key.rate, key.widget) == (TOMORROW, None, 2.5, False)


@pytest.mark.parametrize("scopes", [["ask"], ["widget"], ["ask", "widget"]])
def test_a_key_with_origins_has_the_scope_of_widgets_whatever_an_older_file_says(
    file: KeyFile, scopes: list[str]
) -> None:
    file.add("intranet", origins=[PAGE])
    edited(file, lambda content: content["keys"][0].update(scopes=scopes))
    assert [key.scopes for key in file.read()] == [{"widget"}]


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


def test_a_change_blocked_by_another_gives_up(file: KeyFile) -> None:
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


def test_revoking_without_a_file_creates_none(file: KeyFile) -> None:
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
        ({"scopes": ["ask", "widget"]}, "scopes: 'widget' is for keys with origins"),
        ({"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "expires: 2020-01-01 .* past"),
        ({"expires": datetime(2999, 1, 1)}, "expires: .* no offset"),
        ({"rate": -1}, "rate: -1 is not"),
        ({"rate": float("nan")}, "rate: nan is not"),
    ],
)
def test_an_invalid_key_is_refused_by_field_and_nothing_is_written(
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


def test_an_unreadable_file_is_an_error_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"not readable \(Is a directory\)"):
        KeyFile(tmp_path).read()


@pytest.mark.parametrize(
    ("mode", "danger"),
    [
        (0o644, "mode 0644 and can be read by every user of this machine"),
        (0o660, "mode 0660 and can be changed by others"),
        (0o666, "mode 0666 and can be changed by others"),
    ],
)
def test_a_key_file_open_to_others_is_warned_about(tmp_path: Path, mode: int, danger: str) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.add("a")
    file.path.chmod(mode)
    assert file.warning() == f"{file.path} has {danger}: `chmod 600 {file.path}`"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_key_file_for_its_owner_and_group_is_not_warned_about(tmp_path: Path, mode: int) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.add("a")
    file.path.chmod(mode)
    assert file.warning() is None
