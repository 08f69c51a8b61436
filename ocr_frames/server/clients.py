"""Who may call: client ids and secrets from a file, the environment or the command line."""

import json
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ocr_frames.errors import MisuseError

VARIABLE = "OCR_FRAMES_CLIENTS"
"""Names a JSON object in the environment: client id to secret."""


def known_clients(
    file: Path | None,
    client_id: str | None,
    client_secret: str | None,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """All clients that are named anywhere. Raises MisuseError where that makes no sense."""
    if (client_id is None) != (client_secret is None):
        raise MisuseError("--client-id and --client-secret belong together: give both or none")
    clients: dict[str, str] = {}
    if environment.get(VARIABLE):
        clients |= _checked(_from_json(environment[VARIABLE], VARIABLE), VARIABLE)
    if file is not None:
        clients |= load_clients(file)
    if client_id is not None and client_secret is not None:
        clients |= _checked({client_id: client_secret}, "--client-id")
    return clients


def load_clients(path: Path) -> dict[str, str]:
    """Read client ids and secrets from a .json or .toml file: `id = "secret"`, one per client.

    Raises MisuseError, also for a file that others can read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_private(path, os.fstat(file.fileno()))
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise MisuseError(f"--clients {path} cannot be read: {error}") from error
    if path.suffix.lower() == ".json":
        return _checked(_from_json(text, str(path)), str(path))
    try:
        return _checked(tomllib.loads(text), str(path))
    except tomllib.TOMLDecodeError as error:
        # the message of the parser tells places, never values
        raise MisuseError(f"{path} is not TOML: {error}") from error


def _check_private(path: Path, facts: os.stat_result) -> None:
    if os.name == "posix" and facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MisuseError(
            f"--clients {path} holds secrets and can be read by others. Run: chmod 600 {path}"
        )


def _from_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # from None: the error holds the text
        raise MisuseError(f"{where} is not JSON") from None


def _checked(named: Any, where: str) -> dict[str, str]:
    if not isinstance(named, dict):
        raise MisuseError(f'{where}: give {{"id": "secret", ...}}')
    for client_id, secret in named.items():
        if not client_id or not isinstance(secret, str) or not secret:
            raise MisuseError(f"{where}: the client {client_id!r} has no id or no secret")
    return dict(named)
