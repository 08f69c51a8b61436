"""What holds where an argument is silent: the environment, then a file of the project."""

import importlib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import platformdirs

from ocr_frames import settings
from ocr_frames.errors import MisuseError
from ocr_frames.settings import CLOUD_URL, Endpoint, Policy, RecognitionSettings

FILE = "ocr-frames.toml"
_PROJECT_FILE = "pyproject.toml"
_TABLE = "ocr-frames"
KEYRING_SERVICE = "ocr-frames"

_RECOGNITION = tuple(name for name in RecognitionSettings.model_fields if name != "result_type")
_POLICY = (
    "max_calls",
    "calls_per_second",
    "max_outstanding",
    "deadline_s",
    "on_doubt",
    "retry_failed",
)
_OWN = {"prefix": "ocr_", "ledger": True, "progress": True, "split_pages": None}
_TRUTHS = ("progress", "split_pages")
_WHERE = ("endpoint", "client_id", "client_secret")
_SECRET = "client_secret"  # noqa: S105 - its name
NAMES = (*_WHERE, *_OWN, *_RECOGNITION, *_POLICY)
"""All that can be configured."""

VARIABLES = {name: f"OCR_FRAMES_{name.upper()}" for name in NAMES} | {
    "client_id": "ASPOSE_CLIENT_ID",
    "client_secret": "ASPOSE_CLIENT_SECRET",
}
"""The environment variable of each."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that holds, and where it came from: "default", "keyring", a variable, a file."""

    value: Any
    source: str


class Configuration:
    """What the environment and the project's file say, validated; the environment wins.

    The file is the nearest `ocr-frames.toml`, or `pyproject.toml` with a table
    `[tool.ocr-frames]`, in the working directory or above. It holds no secret.
    """

    def __init__(
        self, file: Path | None, written: Mapping[str, Setting], named: Mapping[str, Setting]
    ) -> None:
        self.file = file
        self._written = written
        self._found = {**written, **named}

    @classmethod
    def read(cls, folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> Self:
        """Look upward from `folder` (the working directory). Raises MisuseError."""
        file, table = _nearest_table(folder or Path.cwd())
        written = {name: _checked(name, value, str(file)) for name, value in table.items()}
        named = {
            name: _checked(name, environment[variable], variable)
            for name, variable in VARIABLES.items()
            if environment.get(variable)
        }
        return cls(file, written, named)

    def options(self) -> dict[str, Any]:
        """What was found among the arguments of `df.ocr.recognize`, `endpoint` left out."""
        return {name: held.value for name, held in self._found.items() if name not in _WHERE}

    @property
    def ledger(self) -> Path:
        """The file that was found, else the one in the user's data folder."""
        found = self._found.get("ledger")
        if found is None or isinstance(found.value, bool):
            return platformdirs.user_data_path("ocr_frames") / "ledger.sqlite"
        return Path(found.value)

    def endpoint(self, url: str | None = None) -> Endpoint:
        """Where to send and as whom; `url` is an argument. Raises MisuseError.

        A secret that the file's endpoint is to get must be that of the client the file names:
        else any folder of images could name the host that your secret is sent to.
        """
        client_id, secret = self._found.get("client_id"), self.secret()
        if client_id is not None and secret is None:
            raise MisuseError(_missing_secret(client_id))
        endpoint = self._found.get("endpoint")
        if url is None and endpoint is not None and endpoint is self._written.get("endpoint"):
            self._check_client(endpoint, client_id)
        given = {"OCR_FRAMES_ENDPOINT": url or (endpoint.value if endpoint else "")}
        if client_id is not None:
            given["ASPOSE_CLIENT_ID"] = client_id.value
        if secret is not None:
            given["ASPOSE_CLIENT_SECRET"] = secret.value
        return Endpoint.from_environment(given)

    def secret(self) -> Setting | None:
        """The client's secret; the keyring is asked when there is a client and no secret."""
        secret, client_id = self._found.get(_SECRET), self._found.get("client_id")
        if secret is not None or client_id is None:
            return secret
        kept = _kept(client_id.value)
        return None if kept is None else Setting(kept, "keyring")

    def _check_client(self, endpoint: Setting, client_id: Setting | None) -> None:
        if "client_id" not in self._written:
            raise MisuseError(
                f"{endpoint.source} names an endpoint and no client_id; write the client_id "
                "beside it, so that your secret goes where you meant it to go"
            )
        written = self._written["client_id"].value
        if client_id is not None and client_id.value != written:
            raise MisuseError(
                f"{endpoint.source} names the client {written!r} for its endpoint, "
                f"{client_id.source} another; make them agree, or pass endpoint="
            )

    def all(self) -> dict[str, Setting]:
        """Every setting that holds, defaults included, in the order of NAMES; secrets masked."""
        held = {name: Setting(None, "default") for name in _WHERE}
        held |= {name: Setting(value, "default") for name, value in defaults().items()}
        held |= self._found
        secret = self.secret()
        if secret is not None:
            held[_SECRET] = Setting("********", secret.source)
        if held["endpoint"].value is None:
            where = "local engine" if secret is None else CLOUD_URL
            held["endpoint"] = Setting(where, "default")
        if held["ledger"].value is True:
            held["ledger"] = Setting(str(self.ledger), held["ledger"].source)
        return {name: held[name] for name in NAMES}


def defaults() -> dict[str, Any]:
    """What holds where nothing is said, by name, but for where to send."""
    recognition, policy = RecognitionSettings(), Policy()
    return (
        dict(_OWN)
        | {name: getattr(recognition, name) for name in _RECOGNITION}
        | {name: getattr(policy, name) for name in _POLICY}
    )


def _nearest_table(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """Find the nearest file that says something, and what it says."""
    for path in _candidates(folder):
        table = _table(path)
        if table is not None:
            _check_written(path, table)
            return path, table
    return None, {}


def _candidates(folder: Path) -> Iterator[Path]:
    for above in (folder, *folder.parents):
        for name in (FILE, _PROJECT_FILE):
            path = above / name
            if path.is_file():
                yield path


def _table(path: Path) -> dict[str, Any] | None:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        if path.name == _PROJECT_FILE:
            return None  # other tools will tell
        raise MisuseError(f"{path} could not be read: {error}") from error
    if path.name == FILE:
        return document
    table = document.get("tool", {}).get(_TABLE)
    if table is not None and not isinstance(table, dict):
        raise MisuseError(f"{path}: tool.{_TABLE} is not a table; write [tool.{_TABLE}]")
    return table


def _check_written(path: Path, table: Mapping[str, Any]) -> None:
    for name in table:
        if name == _SECRET:
            raise MisuseError(
                f"{path}: a secret does not belong in a file of the project; "
                f"set {VARIABLES[_SECRET]}, or keep it in the keyring: "
                f"keyring set {KEYRING_SERVICE} CLIENT_ID"
            )
        if name not in NAMES:
            raise MisuseError(f"{path}: unknown setting {name!r}{settings.nearest(name, NAMES)}")


def _checked(name: str, value: Any, source: str) -> Setting:
    try:
        return Setting(_valid(name, value, source), source)
    except MisuseError as error:
        raise MisuseError(f"{source}: {error.args[0]}") from error


def _valid(name: str, value: Any, source: str) -> Any:
    if name in _RECOGNITION:
        return getattr(settings.recognition_settings("image", {name: value}), name)
    if name in _POLICY:
        return getattr(settings.run_policy(**{name: value}), name)
    if name in _TRUTHS:
        return _truth(name, value)
    if name == "ledger":
        return _ledger(value, source)
    if not isinstance(value, str):
        raise MisuseError(f"{name}={value!r} is not a string")
    return value


def _truth(name: str, value: object) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    known = words.get(str(value).lower())
    if known is None:
        raise MisuseError(f"{name}={value!r} is neither true nor false")
    return known


def _ledger(value: object, source: str) -> object:
    """A path that a file gives starts at that file's folder; "none" means no ledger."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value:
        raise MisuseError(f"ledger={value!r} is neither true, false nor a path")
    if value == "none":
        return False
    written = source not in VARIABLES.values()
    return str(Path(source).parent / value) if written else value


def _kept(client_id: str) -> str | None:
    """Ask the keyring, if there is one."""
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        return None
    try:
        secret: str | None = keyring.get_password(KEYRING_SERVICE, client_id)
    except errors.NoKeyringError:
        return None
    except errors.KeyringError as error:
        raise MisuseError(
            f"the keyring does not give the secret of {client_id!r} ({error}); "
            f"unlock it, or set {VARIABLES[_SECRET]}"
        ) from error
    return secret


def _missing_secret(client_id: Setting) -> str:
    return (
        f"{client_id.source} names the client {client_id.value!r}, and its secret is nowhere; set "
        f"{VARIABLES[_SECRET]}, or keep it in the keyring: pip install 'ocr-frames[keyring]' "
        f"&& keyring set {KEYRING_SERVICE} {client_id.value}"
    )
