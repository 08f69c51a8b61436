"""How a server runs."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Workers and their limits.

    `workers`: processes; 0 is one per processor, or as many as the container is granted.
    `task_limit_s`: seconds one task may take. `memory_limit`: bytes of private memory that a
    worker may take; one that holds half of it after a task is replaced. `max_tasks`: after so
    many a worker is replaced, which returns what its caches hold. `recognizer`: "auto", the name
    of an engine (recognizers.choice), or "module:class".
    """

    workers: int = 0
    task_limit_s: float = 120.0
    memory_limit: int = 4 << 30
    max_tasks: int = 500
    recognizer: str = "auto"


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files for TLS: the chain, and its private key, which may be in the same file."""

    chain: Path
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where to listen, whom to serve, and how much to hold.

    `port` 0 takes a free one. `clients`: client id to secret. `data`: the folder where tasks
    outlive the process; None keeps them for this process alone. `certificate`: None is plain
    HTTP.

    `max_body`: bytes of one request. `max_bodies`: bytes of all requests being read
    or put on record at once.
    `max_regions`: per task. `max_queued`, `max_queued_bytes`: tasks not yet recognized, and
    their images. `trial_per_minute`: evaluation calls from one address; 0 is none.

    `check_images`: refuse an image by the size that its header tells, before it is queued.
    `keep_s`: how long after its submission a task is known. `token_s`: life of a token.
    `stop_limit_s`: seconds that tasks under way are given when the server stops.
    """

    clients: dict[str, str] = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    certificate: Certificate | None = None
    max_body: int = 64 << 20
    max_bodies: int = 256 << 20
    max_regions: int = 1000
    max_queued: int = 10_000
    max_queued_bytes: int = 1 << 30
    trial_per_minute: float = 60.0
    check_images: bool = True
    keep_s: float = 24 * 3600.0
    token_s: float = 3600.0
    stop_limit_s: float = 8.0
    pool: PoolConfig = field(default_factory=PoolConfig)
