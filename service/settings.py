"""Settings of the service: flags before the environment (``FUNDSTELLE_…``), that before a ``.env`` file."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.auth.origins import origin
from service.reranking.loading import OWN


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(text: str) -> str:
    """Addresses and networks with commas; never all of them, for then anyone could claim to be anyone.

    Raises:
        ValueError: names the part that is none.
    """
    found = [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    if any(network.prefixlen == 0 for network in found):
        raise ValueError(f"{text} trusts everyone")
    return ",".join(map(str, found))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Origins = Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], NoDecode, BeforeValidator(_split)]
Rate = Annotated[float, Field(ge=0, le=1_000_000)]


class Settings(BaseSettings):
    """Each field can be set by ``FUNDSTELLE_`` and its name in capitals; docs/operating.md has the table."""

    # An empty variable is one that is not set, as people write it in files of them.
    model_config = SettingsConfigDict(
        env_prefix="FUNDSTELLE_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    index: Path = Field(default=Path("index"), description="folder of the index")
    model: str | None = Field(default=None, description="embedding model; by default the built-in one")
    reader: str = Field(
        default=OWN,
        min_length=1,
        description="reads the first passages again: `own`, `off`, or a cross-encoder, a folder or hub id",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")

    keys: Path | None = Field(
        default=None, description="file of the API keys; without one, no key is asked for"
    )
    page_key: str = Field(
        default="",
        max_length=200,
        description="widget key with which this service's own pages ask; anyone can read it in them",
    )
    insecure: bool = Field(
        default=False, description="listen beyond this machine although no key is asked for"
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="",
        description="addresses or networks, with commas, whose `X-Forwarded-For` counts",
    )
    cors_origins: Origins = Field(
        default=(),
        description="origins, with commas, whose pages may call the API; those of widget keys are added",
    )

    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="processes that answer, each with about 0.9 GB of its own; best one for each core",
    )
    threads: int = Field(
        default=0, ge=0, le=256, description="threads of the model in each worker; 0: cores / workers"
    )
    worker_slots: int = Field(
        default=5, ge=1, le=64, description="questions that one worker takes at once, encoded together"
    )
    batch_wait_ms: float = Field(
        default=60, ge=0, le=1000, description="longest that a question waits for others to be encoded with"
    )

    key_rate: Rate = Field(default=50, description="requests a second of one key; 0: no limit")
    address_rate: Rate = Field(
        default=100, description="requests a second of one client address; 0: no limit"
    )
    widget_rate: Rate = Field(default=20, description="requests a second of one widget key; 0: no limit")
    widget_address_rate: Rate = Field(
        default=10, description="requests a second of one address with a widget key; 0: no limit"
    )
    burst_seconds: float = Field(
        default=2, ge=1, le=3600, description="how many seconds' worth of requests may come at once"
    )
    queue: int = Field(
        default=64, ge=0, le=10_000, description="requests that may wait for a worker; one more gets 503"
    )
    queue_seconds: float = Field(default=3, gt=0, le=600, description="longest wait for a worker, then 503")
    request_seconds: float = Field(
        default=30, gt=0, le=3600, description="longest that a request may take in all, then 503"
    )
    receive_seconds: float = Field(
        default=15, gt=0, le=600, description="longest that a client may take to send a request"
    )
    max_body_bytes: int = Field(default=1_000_000, gt=0, description="largest request body")
    cache_mb: float = Field(
        default=16,
        ge=0,
        le=100_000,
        description="megabytes of answers kept for questions that recur; 0: none",
    )
    cache_seconds: float = Field(default=600, gt=0, description="longest that an answer is kept")

    poll_seconds: float = Field(
        default=1, gt=0, le=3600, description="how often index and keys are looked at for changes"
    )
    drain_seconds: float = Field(
        default=2,
        ge=0,
        le=600,
        description="after SIGTERM: how long requests are still taken while /readyz says no",
    )
    stop_seconds: float = Field(
        default=20, gt=0, le=3600, description="then: how long running requests may take to end"
    )

    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="`auto`: text on a terminal, else JSON lines"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="what is logged"
    )
    audit: Literal["off", "hash", "full"] = Field(
        default="off", description="log of questions: none, their keyed hashes, or their texts"
    )
    audit_file: Path = Field(default=Path("audit.jsonl"), description="file of that log")
    audit_mb: float = Field(default=10, gt=0, description="its size in megabytes before it is rotated")
    audit_files: int = Field(default=10, ge=1, le=1000, description="rotated files kept")

    @property
    def worker_threads(self) -> int:
        """Threads of the model in each worker."""
        return self.threads or max(1, _cores() // self.workers)
