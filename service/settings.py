"""Settings of the service, from flags, else ``FUNDSTELLE_…`` variables, else a ``.env`` file."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.auth.hosts import validate_host
from service.auth.origins import validate_origin


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(text: str) -> str:
    """Addresses and networks, separated by commas, in normal form.

    Raises:
        ValueError: a part is not a network, or covers all addresses: then any client could claim any address.
    """
    networks = [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError(f"{text} trusts everyone")
    return ",".join(map(str, networks))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(validate_origin)], ...], NoDecode, BeforeValidator(_split)
]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(validate_host)], ...], NoDecode, BeforeValidator(_split)
]
Rate = Annotated[float, Field(ge=0, le=1_000_000)]


class Settings(BaseSettings):
    """Each field can be set by ``FUNDSTELLE_`` and its name in capitals; docs/operating.md has the table."""

    # An empty variable counts as not set, as people write it in environment files.
    model_config = SettingsConfigDict(
        env_prefix="FUNDSTELLE_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    index: Path = Field(default=Path("index"), description="folder of the index")
    model: str | None = Field(default=None, description="embedding model; default: the built-in one")
    reader: str = Field(
        # ``reranking.loading.OWN``; a literal, since importing that module would load the model libraries.
        default="own",
        min_length=1,
        description="cross-encoder that reranks the first passages: `own`, `off`, or a folder or hub id",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")

    keys: Path | None = Field(
        default=None, description="file of the API keys; without one, no key is required"
    )
    page_key: str = Field(
        default="",
        max_length=200,
        description="widget key that this service's own pages use; anyone can read it in them",
    )
    widget_documents: Literal["none", "cited", "all"] = Field(
        default="cited",
        description="documents that widget keys may read: `none`, those that an answer led to, or `all`",
    )
    insecure: bool = Field(
        default=False, description="listen beyond this machine although no key is required"
    )
    allowed_hosts: Hosts = Field(
        default=(),
        description="host names, separated by commas, under which the service answers; without keys, "
        "by default only under those of this machine",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="",
        description="addresses or networks, separated by commas, whose `X-Forwarded-For` header is trusted",
    )
    cors_origins: Origins = Field(
        default=(),
        description="origins, separated by commas, whose pages may call the API; widget keys add theirs",
    )

    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="worker processes, each with about 0.9 GB of its own; best one per core",
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="threads of the model in each worker; 0: cores / workers"
    )
    worker_slots: int = Field(
        default=5, ge=1, le=64, description="questions that one worker takes at once and encodes together"
    )
    batch_wait_ms: float = Field(
        default=60,
        ge=0,
        le=1000,
        description="longest time that a question waits to be encoded with others",
    )

    key_rate: Rate = Field(default=50, description="requests per second of one key; 0: no limit")
    address_rate: Rate = Field(
        default=100, description="requests per second of one client address; 0: no limit"
    )
    widget_rate: Rate = Field(default=20, description="requests per second of one widget key; 0: no limit")
    widget_address_rate: Rate = Field(
        default=10, description="requests per second of one address with a widget key; 0: no limit"
    )
    burst_seconds: float = Field(
        default=2, ge=1, le=3600, description="as many requests as this many seconds allow may come at once"
    )
    queue: int = Field(
        default=64, ge=0, le=10_000, description="requests that may wait for a worker; one more gets 503"
    )
    queue_seconds: float = Field(default=3, gt=0, le=600, description="longest wait for a worker, then 503")
    request_seconds: float = Field(
        default=30, gt=0, le=3600, description="longest time that a request may take in all, then 503"
    )
    answer_seconds: float = Field(
        default=20, gt=0, le=3600, description="longest time that a worker works on a request, then 504"
    )
    receive_seconds: float = Field(
        default=15, gt=0, le=600, description="longest time that a client may take to send a request"
    )
    send_seconds: float = Field(
        default=30,
        gt=0,
        le=600,
        description="longest time that a client may take to read what was sent to it",
    )
    connections: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="open connections; one more ends the one that has waited longest for its client",
    )
    # Room for a load test on one machine, and for an office behind one address.
    address_connections: int = Field(
        default=500, ge=1, le=100_000, description="open connections of one client address; one more gets 429"
    )
    # 15 times the longest question, or some hundred filter values of the usual length.
    max_body_bytes: int = Field(default=64_000, gt=0, description="largest request body")
    cache_mb: float = Field(
        default=16,
        ge=0,
        le=100_000,
        description="megabytes of cached answers; 0: no cache",
    )
    cache_seconds: float = Field(
        default=600, gt=0, description="longest time that an answer stays in the cache"
    )

    poll_seconds: float = Field(
        default=1, gt=0, le=3600, description="seconds between checks of index and keys for changes"
    )
    drain_seconds: float = Field(
        default=2,
        ge=0,
        le=600,
        description="after SIGTERM: how long requests are still accepted while /readyz reports not ready",
    )
    stop_seconds: float = Field(
        default=20, gt=0, le=3600, description="after that: how long running requests may take to finish"
    )

    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="`auto`: text on a terminal, else JSON lines"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="lowest level that is logged"
    )
    audit: Literal["off", "hash", "full"] = Field(
        default="off", description="audit log of questions: none, keyed hashes, or texts"
    )
    audit_file: Path = Field(default=Path("audit.jsonl"), description="file of the audit log")
    audit_mb: float = Field(default=10, gt=0, description="megabytes at which the audit log is rotated")
    audit_files: int = Field(default=10, ge=1, le=1000, description="rotated audit logs that are kept")

    @property
    def worker_threads(self) -> int:
        """Threads of the model in each worker."""
        return self.threads or max(1, _cores() // self.workers)
