"""Confinement of the converter process: what it can no longer do."""

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.sources.converters.confinement import Announcement, confine, say

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are of Linux")

SCRIPT = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from indexer.sources.converters.confinement import confine
missing = confine(Path(sys.argv[1]))
try:
    {attempt}
    done = "done"
except OSError as error:
    done = type(error).__name__ + " " + os.strerror(error.errno)
print(json.dumps([missing, done]))
"""


def attempted(attempt: str, folder: Path) -> str:
    """The outcome of a statement in a confined process."""
    folder.mkdir()
    script = SCRIPT.format(attempt=attempt)
    command = [sys.executable, "-c", script, str(folder)]
    missing, outcome = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    if missing:
        pytest.skip(f"not on this system: {missing}")
    return str(outcome)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('127.0.0.1', 1))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.execv('/bin/true', ['true'])",
        "subprocess.run(['/bin/true'])",
        "os.fork() or os._exit(0)",
        "os.kill(os.getppid(), 0)",
        "os.symlink('/etc', sys.argv[1] + '/etc')",
        "os.chmod(sys.argv[1], 0o777)",
        "Path(sys.argv[1] + '.txt').write_text('a')",
        "Path(sys.argv[1]).parent.joinpath('a').mkdir()",
        "os.truncate(sys.executable, 0)",
        "Path(sys.argv[1]).parent.joinpath('fremd.txt').unlink()",
    ],
)
def test_a_confined_process_may_not(tmp_path: Path, attempt: str) -> None:
    (tmp_path / "fremd.txt").write_text("bleibt", "utf-8")
    outcome = attempted(attempt, tmp_path / "own")
    assert outcome in {
        "PermissionError Permission denied",
        "PermissionError Operation not permitted",
        "OSError Function not implemented",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fremd.txt", "own"]


@pytest.mark.parametrize(
    "attempt",
    [
        "Path(sys.executable).open('rb').read(4)",
        "p = Path(sys.argv[1], 'a'); p.mkdir(); p = p / 'b'; p.write_text('x'); p.unlink()",
        "t = threading.Thread(target=sys.stderr.flush); t.start(); t.join()",
    ],
)
def test_a_confined_process_may_still(tmp_path: Path, attempt: str) -> None:
    assert attempted(attempt, tmp_path / "own") == "done"


def test_a_system_without_confinement_is_announced_once(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    say(["no seccomp (Unable to find libseccomp)"], stream)
    announcement = Announcement()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            announcement.read(io.BytesIO(stream.getvalue().encode()))
    assert [record.getMessage() for record in caplog.records] == [
        "files are read by a process that is not fully confined: no seccomp (Unable to find libseccomp)"
    ]


def test_a_process_that_ended_at_once_announces_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Announcement().read(io.BytesIO(b""))
    assert caplog.records == []


def test_a_library_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("landlock", "pyseccomp"):
        monkeypatch.setitem(sys.modules, library, None)
    missing = confine(tmp_path)
    assert [line.partition(" (")[0] for line in missing] == ["no Landlock", "no seccomp"]
