"""Options that several commands share, and what they mean to the library."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from ocr_frames import request
from ocr_frames.configuration import Configuration
from ocr_frames.details import Detail
from ocr_frames.errors import MisuseError
from ocr_frames.languages import Language
from ocr_frames.model import Kind
from ocr_frames.settings import RecognitionSettings


def starting(words: Iterable[str]) -> Callable[[str], list[str]]:
    """A completion that offers those of the `words` that start as typed."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


Source = Annotated[
    str,
    typer.Argument(
        help="Table to read: .csv or .parquet, a folder of these, a glob, or a URL; "
        "or -: a path per line on stdin"
    ),
]
Column = Annotated[
    str | None, typer.Option(help="Column with the paths of the images; needed unless SOURCE is -")
]
KindOption = Annotated[
    str | None,
    typer.Option("--kind", help="image, label or regions", autocompletion=starting(get_args(Kind))),
]
RegionsOption = Annotated[
    Path | None,
    typer.Option(
        "--regions", help="JSON file: a list of [left, top, right, bottom], or names to them"
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        help="Such as German; default English",
        autocompletion=starting(get_args(Language)),
    ),
]
SettingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A recognition setting: rotate=90, make_upsampling=true, …",
        autocompletion=starting([f"{name}=" for name in RecognitionSettings.model_fields]),
    ),
]
DetailsOption = Annotated[
    str | None,
    typer.Option(
        "--details",
        help="More columns, such as seconds,confidence,words",
        autocompletion=starting(get_args(Detail)),
    ),
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        help="URL; credentials come from ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET",
    ),
]
LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger", help="File with what was paid for, or 'none'; default OCR_FRAMES_LEDGER"
    ),
]


def given(**options: object) -> dict[str, Any]:
    """Keep the options that were given: the library knows the defaults."""
    return {name: value for name, value in options.items() if value is not None}


def options_of(
    kind: str | None,
    regions: Path | None,
    language: str | None,
    setting: list[str] | None,
    details: str | None,
    endpoint: str | None,
    ledger: str | None,
) -> dict[str, Any]:
    """What makes a job the job it is, and where it is on record."""
    options = given(kind=kind, language=language, regions=regions_of(regions))
    if details is not None:
        options["details"] = details.split(",")
    if endpoint is not None:
        options["endpoint"] = Configuration.read().endpoint(endpoint)
    if ledger is not None:
        options["ledger"] = ledger_path(ledger) or False
    return options | dict(_setting(text) for text in setting or ())


def ledger_path(named: str | None) -> Path | None:
    """Where the ledger is that an option names; None for 'none'."""
    if named == "none":
        return None
    return request.ledger_path(named or True)


def regions_of(path: Path | None) -> Any:
    """What the JSON file of --regions holds. Raises MisuseError."""
    if path is None:
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MisuseError(f"--regions {path}: {error}") from error


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise MisuseError(f"--set {text!r}: write name=value, such as rotate=90")
    try:
        return name, json.loads(value.lower() if value in ("True", "False") else value)
    except ValueError:
        return name, value
