"""The commands that add, list, and revoke API keys."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.auth.api_key import Key
from service.auth.key_file import KeyFile
from service.auth.key_ring import KeyRing
from service.cli.keys import app

PAGE = "https://intranet.example"
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


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
    assert (widget.scopes, widget.rate) == ({"widget"}, None)
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
        "scopes": ["widget"],
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
    content = json.loads(file.path.read_text("utf-8"))
    content["keys"][1]["expires"] = "2020-01-01T00:00:00Z"
    file.path.write_text(json.dumps(content), "utf-8")
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
    assert rows[1][:3] == [keys[1].id, "widget", "widget"]
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


def test_without_a_key_file_the_commands_are_usage_errors(elsewhere: None) -> None:
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


def test_a_refused_change_is_an_error_in_one_line(file: KeyFile) -> None:
    file.add("intranet")
    result = run("add", "intranet", "--keys", file.path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {file.path}: name: 'intranet' belongs to key ")
    assert result.stderr.count("\n") == 1


def test_list_warns_of_a_file_that_others_can_read(file: KeyFile) -> None:
    file.add("intranet")
    file.path.chmod(0o644)
    result = run("list", "--keys", file.path)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {file.path} has mode 0644")
