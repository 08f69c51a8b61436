"""How a server runs."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Workers and their limits.

    `workers`: processes; 0 is one per processor, or as many as the container is granted.
    `task_limit_s`: seconds one task may take. `memory_limit`: bytes of private memory per worker;
    one that holds half of it after a task is replaced. `max_tasks`: after so many a worker is
    replaced, which returns what its caches hold. `recognizer`: "auto", the name of an engine
    (recognizers.choice), or "module:class".
    """

    workers: int = 0
    task_limit_s: float = 120.0
    memory_limit: int = 4 << 30
    max_tasks: int = 500
    recognizer: str = "auto"


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where to listen, whom to serve, and how much to hold.

    `port` 0 takes a free one. `clients`: client id to secret. `max_body`: bytes of one request.
    `max_queued`, `max_queued_bytes`: tasks not yet recognized, and their images.
    `keep_s`: how long after its submission a task is known. `token_s`: life of a token.
    """

    clients: dict[str, str] = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 0
    max_body: int = 64 << 20
    max_queued: int = 10_000
    max_queued_bytes: int = 1 << 30
    keep_s: float = 24 * 3600.0
    token_s: float = 3600.0
    pool: PoolConfig = field(default_factory=PoolConfig)
