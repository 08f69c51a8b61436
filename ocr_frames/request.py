"""The arguments of a run, validated: nothing has been sent when they are wrong."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypedDict

from ocr_frames import details, documents, settings
from ocr_frames.columns import Layout
from ocr_frames.configuration import Configuration
from ocr_frames.details import Detail
from ocr_frames.errors import MisuseError
from ocr_frames.images import pages
from ocr_frames.languages import Language
from ocr_frames.model import Kind
from ocr_frames.regions import Box
from ocr_frames.row_settings import Column, RowSettings
from ocr_frames.server.embedded import engine_identity
from ocr_frames.settings import (
    DsrConfidence,
    DsrMode,
    Endpoint,
    OnDoubt,
    Policy,
    RecognitionSettings,
)

_PER_ROW = ("kind", "regions", *RecognitionSettings.model_fields)


class Options(TypedDict, total=False):
    """What every way of recognizing takes; `df.ocr.recognize` describes each."""

    kind: Kind | Column
    regions: Sequence[Box] | Mapping[str, Box] | Column
    language: Language | Column
    make_skew_correct: bool | Column
    rotate: int | Column
    make_binarization: bool | Column
    make_contrast_correction: bool | Column
    make_upsampling: bool | Column
    make_spell_check: bool | Column
    dsr_mode: DsrMode | Column
    dsr_confidence: DsrConfidence | Column
    details: Sequence[Detail]
    split_pages: bool | None
    allow_private_urls: bool
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
    """What to do with every cell.

    `splits` tells what is taken apart into pages, as `images.pages` names it.
    `ledger` None keeps no record beyond the run.
    """

    row_settings: RowSettings
    layout: Layout
    endpoint: Endpoint
    ledger: Path | None
    policy: Policy
    progress: bool
    splits: bytes = b""
    allow_private_urls: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Validate the options; where they are silent, the configuration speaks.

        Raises MisuseError, and MissingExtraError for what details need.
        """
        options = settled(options)
        _check_types(options)
        endpoint = options.get("endpoint") or Configuration.read().endpoint()
        asked = details.checked(options.get("details") or ())
        rows = RowSettings(
            {name: value for name, value in options.items() if _is_given(name, value)},
            details.result_type(asked),
            engine_identity if endpoint.is_local else None,
        )
        if endpoint.is_trial and not rows.only_images:
            raise MisuseError('the evaluation endpoint knows kind="image" only')
        if "pdf" in asked and rows.reads_regions:
            documents.require_joining()
        return cls(
            row_settings=rows,
            layout=Layout(options.get("prefix", "ocr_"), rows.region_names, asked),
            endpoint=endpoint,
            ledger=ledger_path(options.get("ledger", True)),
            policy=settings.run_policy(**_named(Policy.model_fields, options)),
            progress=options.get("progress", True),
            splits=_splits(options.get("split_pages"), endpoint),
            allow_private_urls=options.get("allow_private_urls", False),
        )

    def remembered(self, column: str) -> dict[str, object]:
        """What tells a reader of the results what they are of: plain values."""
        regions = self.row_settings.regions
        told = regions.name if isinstance(regions, Column) else regions.plain
        return {"column": column, "prefix": self.layout.prefix, "regions": told}

    @property
    def kind(self) -> Kind:
        """What every image is, unless its row says something else."""
        return self.row_settings.fixed.kind

    @property
    def settings_json(self) -> str:
        """The settings of every image, unless its row says something else."""
        return self.row_settings.fixed.settings_json

    @property
    def row_columns(self) -> tuple[str, ...]:
        """Columns beside the image's that every row brings along, in this order."""
        return self.row_settings.columns

    @property
    def with_results(self) -> bool:
        """Whether anything is drawn from results beside the texts."""
        return details.result_type(self.layout.details) != "Text"

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


def _is_given(name: str, value: object) -> bool:
    """Whether an option is a setting of images; kind and regions may be left open with None."""
    return name in _PER_ROW and (value is not None or name not in ("kind", "regions"))


def _splits(chosen: bool | None, endpoint: Endpoint) -> bytes:
    """What is taken apart: files where the endpoint would read the first page only.

    What is in memory has no file, and is sent as one for each page.
    """
    if chosen is False:
        return b""
    if chosen or endpoint.reads_first_page_only:
        return pages.TIFF + pages.ANIMATED + pages.IN_MEMORY
    return pages.IN_MEMORY


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
    for name, kind in (("prefix", str), ("progress", bool), ("allow_private_urls", bool)):
        if not isinstance(options.get(name, kind()), kind):
            raise MisuseError(f"{name}={options[name]!r} is not of type {kind.__name__}")
    if options.get("split_pages") not in (None, True, False):
        raise MisuseError(f"split_pages={options['split_pages']!r} is neither True, False nor None")
    for name, value in options.items():
        if isinstance(value, Column) and name not in _PER_ROW:
            raise MisuseError(
                f"{name}= is the same for all rows; col() is for recognition settings"
            )
