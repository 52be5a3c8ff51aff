"""Settings, read once from the environment: every name begins with TRAILBOOK_, except PORT."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """``database_url`` selects an external Postgres; ``home`` holds the embedded one and the master key."""

    model_config = SettingsConfigDict(env_prefix="TRAILBOOK_", extra="ignore")

    database_url: SecretStr | None = None
    home: Path = Path(".trailbook")
    admin_key: SecretStr | None = None
    sample: Literal["course-sales", "grocery", "both", "none"] = "both"
    ahead_seconds: int = Field(default=300, ge=0, description="How far ahead of now a fact may have happened.")
    parent: int | None = Field(default=None, description="Set by serve --all: the worker ends when that process has.")
    crash_at: str | None = Field(default=None, pattern=r"^[a-z._]+:[1-9]\d*$", description="For tests: point:hit.")
    port: int = Field(default=8080, validation_alias="PORT", ge=1, le=65535)
