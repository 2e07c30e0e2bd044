"""Settings of the service, from the environment (``FUNDSTELLE_…``), a ``.env`` file, or flags."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field can be set by ``FUNDSTELLE_`` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="FUNDSTELLE_", env_file=".env", extra="ignore")

    index: Path = Field(default=Path("index"), description="folder of the index")
    model: str | None = Field(default=None, description="embedding model; by default the built-in one")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    max_body_bytes: int = Field(default=1_000_000, gt=0, description="largest request body")
