"""Settings: sources, invalid values, access without keys, and their documentation."""

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT
from pydantic import ValidationError
from typer.main import get_command
from typer.testing import CliRunner

from service.auth.exposure import ExposureError, is_loopback, require_keys
from service.cli.commands import app
from service.observability import logs
from service.observability.metrics import Metrics
from service.reranking.loading import OWN
from service.settings import Settings
from service.web.connection_limits import DESCRIPTORS_PER_WORKER, OTHER_DESCRIPTORS

PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither variables nor a `.env` of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("FUNDSTELLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def refusal(*flags: str) -> str:
    """The line with which `serve` refuses to start."""
    result = CliRunner().invoke(app, ["serve", *flags])
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of the page, without its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


# Where they come from


def test_a_variable_sets_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_QUEUE_SECONDS", "1.5")
    monkeypatch.setenv("FUNDSTELLE_KEYS", "/keys/keys.json")
    settings = Settings()
    assert (settings.queue_seconds, settings.keys) == (1.5, Path("/keys/keys.json"))


def test_a_file_sets_what_no_variable_does(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FUNDSTELLE_PORT=8001\nFUNDSTELLE_WORKERS=3\n")
    monkeypatch.setenv("FUNDSTELLE_PORT", "8002")
    settings = Settings()
    assert (settings.port, settings.workers) == (8002, 3)


def test_flags_come_before_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_HOST", "192.0.2.1")
    assert "not on 192.0.2.1:" in refusal()
    assert "not on 192.0.2.2:" in refusal("--host", "192.0.2.2")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_KEYS", "")
    monkeypatch.setenv("FUNDSTELLE_WORKERS", "")
    assert Settings() == Settings(keys=None, workers=1)


def test_a_name_that_is_no_setting_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_WORKER", "many")
    Path(".env").write_text("FUNDSTELLE_KEY=x\nOTHER=y\n")
    assert Settings() == Settings(workers=1)


def test_lists_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNDSTELLE_CORS_ORIGINS", "https://a.example, http://b.example:8080 ,")
    monkeypatch.setenv("FUNDSTELLE_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8, ::1")
    monkeypatch.setenv("FUNDSTELLE_ALLOWED_HOSTS", "Answers.example.org, 192.0.2.7,2001:db8::1, [::2]")
    settings = Settings()
    assert settings.allowed_hosts == ("answers.example.org", "192.0.2.7", "2001:db8::1", "::2")
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    assert settings.trusted_proxies == "127.0.0.1/32,10.0.0.0/8,::1/128"


@pytest.mark.parametrize(
    ("threads", "workers", "expected"), [(0, 1, "all"), (0, 256, 1), (3, 1, 3), (3, 256, 3)]
)
def test_threads_are_shared_out_unless_they_are_set(threads: int, workers: int, expected: int | str) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    settings = Settings(threads=threads, workers=workers)
    assert settings.worker_threads == (cores if expected == "all" else expected)


def test_the_default_is_the_bundled_cross_encoder() -> None:
    assert Settings().reader == OWN


def test_settings_load_without_the_libraries_of_the_model() -> None:
    program = "import sys, service.settings; print('torch' in sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert printed.stdout == "False\n"


# What is refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("WORKERS", "0"),
        ("WORKERS", "two"),
        ("KEY_RATE", "-1"),
        ("ADDRESS_RATE", "nan"),
        ("QUEUE_SECONDS", "inf"),
        ("STOP_SECONDS", "0"),
        ("CACHE_MB", "16 MB"),
        ("INSECURE", "perhaps"),
        ("AUDIT", "on"),
        ("LOG_LEVEL", "loud"),
        ("TRUSTED_PROXIES", "proxy.internal"),
        ("ALLOWED_HOSTS", "answers.example.org:443"),
        ("ALLOWED_HOSTS", "https://answers.example.org"),
        ("ALLOWED_HOSTS", "*.example.org"),
        ("CORS_ORIGINS", "https://a.example/page"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_the_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FUNDSTELLE_{name}", value)
    assert f"FUNDSTELLE_{name}" in refusal()


def test_a_bad_value_in_the_file_is_refused_alike() -> None:
    Path(".env").write_text("FUNDSTELLE_PORT=abc\n")
    assert refusal().startswith("error: setting FUNDSTELLE_PORT: ")


def test_a_bad_flag_is_refused_alike() -> None:
    assert refusal("--workers", "300").startswith("error: setting FUNDSTELLE_WORKERS: ")


def test_a_reason_of_the_service_comes_without_the_librarys_words() -> None:
    Path(".env").write_text("FUNDSTELLE_TRUSTED_PROXIES=0.0.0.0/0\n")
    assert refusal() == "error: setting FUNDSTELLE_TRUSTED_PROXIES: 0.0.0.0/0 trusts everyone"


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "10.0.0.1, ::/0"])
def test_not_everyone_can_be_a_trusted_proxy(proxies: str) -> None:
    with pytest.raises(ValidationError, match="trusts everyone"):
        Settings(trusted_proxies=proxies)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "a.example",
        "https://a.example/",
        "https://a.example:443",
        "http://a.example:80",
        "https://A.example",
        "https://ä.example",
        "ftp://a.example",
        "https://user@a.example",
        "https://",
    ],
)
def test_an_origin_is_written_as_browsers_send_it(origin: str) -> None:
    with pytest.raises(ValidationError, match="not an origin as browsers send it"):
        Settings(cors_origins=(origin,))


# Access


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_these_hosts_are_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "fe80::1%1"])
def test_beyond_this_machine_keys_are_required(host: str) -> None:
    with pytest.raises(ExposureError, match="--insecure"):
        require_keys(host, has_keys=False, insecure=False)


@pytest.mark.parametrize(
    ("host", "has_keys", "insecure", "allowed"),
    [
        ("127.0.0.1", False, False, True),
        ("0.0.0.0", False, False, False),
        ("0.0.0.0", True, False, True),
        ("0.0.0.0", False, True, True),
    ],
)
def test_it_listens_on_loopback_or_with_keys_or_if_that_is_allowed(
    host: str, has_keys: bool, insecure: bool, allowed: bool
) -> None:
    refused = False
    try:
        require_keys(host, has_keys, insecure)
    except ExposureError:
        refused = True
    assert refused is not allowed


def test_serve_takes_both_from_its_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    assert "keys.json" in refusal("--host", "0.0.0.0")
    for flag in (["--insecure"], ["--keys", "keys.json"]):
        assert refusal("--host", "0.0.0.0", *flag).startswith("error: no index at index")


# The page for administrators


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is None or default == "" or default == ():
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_the_page_names_every_setting_with_its_default_and_no_others() -> None:
    documented = [(name, default) for name, _, default, _ in rows("Settings")]
    assert documented == [
        (f"`FUNDSTELLE_{name.upper()}`", default_of(name)) for name in Settings.model_fields
    ]


def test_the_page_names_the_flags_that_serve_has() -> None:
    documented = {name: flag.strip("`") for name, flag, _, _ in rows("Settings") if flag}
    serve = get_command(app).commands["serve"]  # type: ignore[attr-defined]
    assert documented == {
        f"`FUNDSTELLE_{parameter.name.upper()}`": parameter.opts[0]
        for parameter in serve.params
        if parameter.name != "help"
    }


def test_settings_named_anywhere_on_the_page_are_settings() -> None:
    # The cache is where the indexer unpacks the model, not a setting of the service.
    named = set(re.findall(r"FUNDSTELLE_[A-Z_]*[A-Z]", PAGE)) - {"FUNDSTELLE_CACHE"}
    assert named == {f"FUNDSTELLE_{name.upper()}" for name in Settings.model_fields}


def test_the_page_names_every_metric_and_no_others() -> None:
    families = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
        if not family.name.endswith("_created")
    }
    assert {name.strip("`") for name, _, _ in rows("Metrics")} == families
    assert {name.removesuffix("_bucket") for name in re.findall(r"fundstelle_[a-z_]+", PAGE)} == families


def unit_file() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "docs" / "fundstelle.service")
    return unit


def test_the_unit_allows_as_many_open_files_as_the_default_connections_need() -> None:
    needed = Settings().connections + OTHER_DESCRIPTORS + DESCRIPTORS_PER_WORKER * 16
    assert int(unit_file()["Service"]["LimitNOFILE"]) >= needed


def test_the_unit_waits_for_longer_than_stopping_may_take() -> None:
    unit = unit_file()
    settings = Settings()
    # And 5 seconds for a worker that does not end by itself.
    assert int(unit["Service"]["TimeoutStopSec"]) > settings.drain_seconds + settings.stop_seconds + 5
    # Else SIGTERM would end workers that still answer.
    assert unit["Service"]["KillMode"] == "mixed"
    assert unit["Service"]["User"] not in ("", "root")
