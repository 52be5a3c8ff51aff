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
    parent: int | None = Field(default=None, description="Set by serve: what runs beside it ends when it has.")
    door: int | None = Field(default=None, description="Set by serve --workers: the socket at which all answer.")
    log: Literal["requests"] | None = Field(default=None, description="Requests are logged too, without what they say.")
    accept_older_than: int | None = Field(
        default=None, ge=0, description="The log may end before this position, which it was known to reach."
    )
    crash_at: str | None = Field(
        default=None, pattern=r"^[a-z._]+:[1-9]\d*(:freeze)?$", description="For tests: point:hit[:freeze]."
    )
    archive: str | None = Field(
        default=None,
        description="The folder of the archive of facts, or a URI such as s3://bucket/folder; of this database alone.",
    )
    port: int = Field(default=8080, validation_alias="PORT", ge=1, le=65535)
