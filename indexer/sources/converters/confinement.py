"""Confinement of the converter process: no network, few system calls, no files written outside its folder.

A fault in a library that reads files may let a file run code. That code must not reach another machine, start
a program or change a file. Linux takes these rights from a process for good: Landlock those on files, seccomp
all system calls but those listed here.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from indexer.errors import first_line

_log = logging.getLogger(__name__)

#: Allowed with any arguments. By `strace` of conversions in all formats, with the variants of other machines.
_CALLS = (
    # files
    "access", "close", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64", "fcntl", "fstat",
    "fstatfs", "ftruncate", "getcwd", "getdents64", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat",
    "open", "openat", "pread64", "pwrite64", "read", "readlink", "readlinkat", "readv", "rename",
    "renameat", "renameat2", "rmdir", "stat", "statfs", "statx", "umask", "unlink", "unlinkat", "write",
    "writev",
    # memory
    "brk", "madvise", "membarrier", "mmap", "mprotect", "mremap", "munmap",
    # the process itself
    "arch_prctl", "exit", "exit_group", "futex", "get_robust_list", "getegid", "geteuid", "getgid", "getpid",
    "getppid", "getrandom", "getrlimit", "getrusage", "gettid", "getuid", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list",
    "set_tid_address", "setrlimit", "sigaltstack", "sysinfo", "times", "uname",
    # time and waiting
    "clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "poll", "ppoll",
    "pselect6", "select", "time",
)  # fmt: skip
#: Requests of ``ioctl``: the attributes of a terminal, by which Python recognises one, and close-on-exec.
_TCGETS, _FIOCLEX, _FIONCLEX = 0x5401, 0x5451, 0x5450
_CLONE_THREAD = 0x10000


def confine(writable: Path) -> list[str]:
    """Confine this process for good; returns what this system cannot do, one phrase each.

    Args:
        writable: the folder in which it may still write.
    """
    missing: list[str] = []
    # Both are loaded before the first is applied: finding the library of seccomp needs a program.
    files = _attempt("Landlock", _file_rules, missing, writable)
    calls = _attempt("seccomp", _call_rules, missing)
    if files:
        _attempt("Landlock", files.apply, missing)
    if calls:
        _attempt("seccomp", calls.load, missing)
    return missing


def _attempt(name: str, action: Callable[..., Any], missing: list[str], *arguments: Any) -> Any:
    """The result of an action; if this system cannot do it, ``None`` and one more phrase in ``missing``."""
    try:
        return action(*arguments)
    # RuntimeError: the library of seccomp is not there. AttributeError: the C library has no such call.
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        missing.append(f"no {name} ({first_line(error)})")
        return None


def say(missing: Sequence[str], stream: IO[str]) -> None:
    """Write the result of ``confine`` as the first line of the process."""
    stream.write(json.dumps({"unconfined": list(missing)}) + "\n")
    stream.flush()


class Announcement:
    """Warns of missing confinement, once."""

    def __init__(self) -> None:
        self._made = False

    def read(self, stream: IO[bytes]) -> None:
        """Read the first line of a converter process. It has none if it ended at once."""
        line = stream.readline()
        missing = json.loads(line)["unconfined"] if line else []
        if missing and not self._made:
            self._made = True
            _log.warning("files are read by a process that is not fully confined: %s", "; ".join(missing))


def _file_rules(writable: Path) -> Any:
    """Rules that let no program be started, and nothing be written, made or removed outside a folder."""
    from landlock import FSAccess, Ruleset

    changing = FSAccess.all() & ~(FSAccess.READ_FILE | FSAccess.READ_DIR)
    rules = Ruleset(changing)
    rules.allow(writable, rules=changing & ~FSAccess.EXECUTE)
    return rules


def _call_rules() -> Any:
    """Rules that allow only the listed system calls.

    Others seem to be unknown to the kernel, for which libraries are prepared.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    for name in _CALLS:
        rules.add_rule(seccomp.ALLOW, name)
    for name in ("socket", "socketpair", "execve", "execveat", "ptrace"):
        rules.add_rule(seccomp.ERRNO(errno.EACCES), name)
    for request in (_TCGETS, _FIOCLEX, _FIONCLEX):
        rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.EQ, request))
    # Threads, but no processes; limits and signals of this process alone.
    rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(0, seccomp.EQ, 0))
    rules.add_rule(seccomp.ALLOW, "tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))
    return rules
