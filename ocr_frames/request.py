"""The arguments of a run, validated: nothing has been sent when they are wrong."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypedDict

from ocr_frames import settings, wire
from ocr_frames.columns import Layout
from ocr_frames.configuration import Configuration
from ocr_frames.errors import MisuseError
from ocr_frames.languages import Language
from ocr_frames.model import Kind
from ocr_frames.server.embedded import engine_identity
from ocr_frames.settings import (
    Box,
    DsrConfidence,
    DsrMode,
    Endpoint,
    OnDoubt,
    Policy,
    RecognitionSettings,
    Regions,
)


class Options(TypedDict, total=False):
    """What every way of recognizing takes; `df.ocr.recognize` describes each."""

    kind: Kind
    regions: Sequence[Box] | Mapping[str, Box]
    language: Language
    make_skew_correct: bool
    rotate: int
    make_binarization: bool
    make_contrast_correction: bool
    make_upsampling: bool
    make_spell_check: bool
    dsr_mode: DsrMode
    dsr_confidence: DsrConfidence
    endpoint: Endpoint | None
    prefix: str
    ledger: bool | str | Path
    max_calls: int | None
    calls_per_second: float | None
    max_outstanding: int | None
    deadline_s: float | None
    on_doubt: OnDoubt
    retry_failed: bool
    progress: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What to do with every cell. `ledger` None keeps no record beyond the run."""

    kind: Kind
    settings_json: str
    layout: Layout
    endpoint: Endpoint
    ledger: Path | None
    policy: Policy
    progress: bool
    regions: Regions = field(default_factory=Regions)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Validate the options; where they are silent, the configuration speaks.

        Raises MisuseError.
        """
        options = settled(options)
        given = options.get("regions")
        regions = Regions.of(given) if given is not None else Regions()
        kind = _kind(options.get("kind"), regions)
        _check_types(options)
        endpoint = options.get("endpoint") or Configuration.read().endpoint()
        if endpoint.is_trial and kind != "image":
            raise MisuseError('the evaluation endpoint knows kind="image" only')
        recognition = settings.recognition_settings(
            kind, _named(RecognitionSettings.model_fields, options)
        )
        return cls(
            kind=kind,
            settings_json=wire.encode_settings(recognition, regions.boxes),
            layout=Layout(options.get("prefix", "ocr_"), regions.names),
            endpoint=endpoint,
            ledger=ledger_path(options.get("ledger", True)),
            policy=settings.run_policy(**_named(Policy.model_fields, options)),
            progress=options.get("progress", True),
            regions=regions,
        )

    def remembered(self, column: str) -> dict[str, object]:
        """What tells a reader of the results what they are of: plain values."""
        return {"column": column, "prefix": self.layout.prefix, "regions": self.regions.plain}

    @property
    def row_columns(self) -> tuple[str, ...]:
        """Columns beside the image's that every row brings along, in this order."""
        return ()

    @property
    def recognizer(self) -> str:
        """Who recognizes: results of another host, account or engine are other results."""
        if self.endpoint.is_local:
            return engine_identity(json.loads(self.settings_json)["language"])
        return self.endpoint.identity


def settled(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, and where they are silent what is configured. Raises MisuseError."""
    _check_names(options)
    return Configuration.read().options() | dict(options)


def ledger_path(
    chosen: bool | str | Path, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Where the ledger is: `chosen`, else as configured, else in the user's data folder.

    None for `chosen` False. Raises MisuseError.
    """
    if chosen is False:
        return None
    if chosen is True:
        return Configuration.read(environment=environment).ledger
    if not isinstance(chosen, str | Path) or not str(chosen):
        raise MisuseError(f"ledger={chosen!r} is neither True, False nor a path")
    return Path(chosen)


def _named(names: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in names}


def _check_names(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in Options.__annotations__:
            hint = settings.nearest(name, Options.__annotations__)
            raise MisuseError(f"unknown argument {name!r}{hint}")


def _check_types(options: Mapping[str, Any]) -> None:
    endpoint = options.get("endpoint")
    if endpoint is not None and not isinstance(endpoint, Endpoint):
        raise MisuseError(
            "endpoint= is not an Endpoint; use Endpoint(url, client_id, client_secret), "
            "Endpoint.cloud(...), Endpoint.trial() or Endpoint.local()"
        )
    for name, kind in (("prefix", str), ("progress", bool)):
        if not isinstance(options.get(name, kind()), kind):
            raise MisuseError(f"{name}={options[name]!r} is not of type {kind.__name__}")


def _kind(kind: Kind | None, regions: Regions) -> Kind:
    known = ("image", "label", "regions")
    if kind is not None and kind not in known:
        raise MisuseError(f"kind={kind!r}{settings.nearest(str(kind), known)}")
    if kind == "regions" and not regions.boxes:
        raise MisuseError('kind="regions" needs regions=, a list of boxes or a dict of names')
    if kind in ("image", "label") and regions.boxes:
        raise MisuseError(f'regions= goes with kind="regions", not {kind!r}')
    return "regions" if regions.boxes else kind or "image"
