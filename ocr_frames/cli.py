"""The command `ocr-frames`: arguments to the library, its answers to lines and exit codes."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from tqdm.contrib.logging import logging_redirect_tqdm

from ocr_frames import pipeline, request
from ocr_frames.engine.ledger import Ledger
from ocr_frames.errors import MisuseError, OcrFramesError
from ocr_frames.server.embedded import require_engine
from ocr_frames.settings import Endpoint

SOME_ROWS_FAILED = 3

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="OCR for tables of images. Exit codes: 0 every row completed (or had no image), "
    "3 some rows failed, 2 misuse, 1 the run could not go on.",
)

Source = Annotated[Path, typer.Argument(help="Table to read: .csv or .parquet")]
Column = Annotated[str, typer.Option(help="Column with the paths of the images")]
KindOption = Annotated[str | None, typer.Option("--kind", help="image, label or regions")]
RegionsOption = Annotated[
    Path | None,
    typer.Option(
        "--regions", help="JSON file: a list of [left, top, right, bottom], or names to them"
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Such as German; default English")
]
SettingOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A recognition setting: rotate=90, make_upsampling=true, …"),
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


def main() -> None:
    """Run the command; turn what the library raises into one line and an exit code."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    # The command tells the report itself.
    pipeline.report_log.setLevel(logging.CRITICAL)
    try:
        with logging_redirect_tqdm():
            app()
    except OcrFramesError as error:
        _fail(str(error), error.exit_code)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"ocr-frames: {message}", err=True)
    raise SystemExit(exit_code)


@app.command()
def recognize(
    source: Source,
    destination: Annotated[Path, typer.Argument(help="Table to write: .csv or .parquet")],
    column: Column,
    kind: KindOption = None,
    regions: RegionsOption = None,
    language: LanguageOption = None,
    setting: SettingOption = None,
    endpoint: EndpointOption = None,
    ledger: LedgerOption = None,
    prefix: Annotated[str, typer.Option(help="Of the added columns")] = "ocr_",
    max_calls: Annotated[
        int | None, typer.Option(help="Calls of every kind, at most; the rest stays Pending")
    ] = None,
    calls_per_second: Annotated[float | None, typer.Option(help="At most")] = None,
    max_outstanding: Annotated[
        int | None, typer.Option(help="Images submitted and not yet answered, at most")
    ] = None,
    deadline_s: Annotated[
        float | None, typer.Option(help="Seconds after which an image ends without an answer")
    ] = None,
    on_doubt: Annotated[
        str | None, typer.Option(help="retry or hold a submit whose answer was lost")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option(help="Try again what failed for the image's own sake")
    ] = False,
    progress: Annotated[bool, typer.Option(help="Show a bar on stderr")] = True,
) -> None:
    """Recognize the images a table names; write the table with status, text and error.

    Relative paths are looked for in the folder of the table, then in the working directory.
    Without endpoint and credentials the local engine recognizes. Run again after whatever
    stopped it: what was paid for comes from the ledger.
    """
    options = _options(kind, regions, language, setting, endpoint, ledger) | _given(
        max_calls=max_calls,
        calls_per_second=calls_per_second,
        max_outstanding=max_outstanding,
        deadline_s=deadline_s,
        on_doubt=on_doubt,
    )
    report = pipeline.recognize_table(
        source,
        destination,
        column,
        prefix=prefix,
        progress=progress,
        retry_failed=retry_failed,
        **options,
    )
    typer.echo(f"{report} -> {destination}", err=True)
    if report.stopped is not None:
        raise SystemExit(OcrFramesError.exit_code)
    if set(report.rows) - {"Completed", "Skipped"}:
        raise SystemExit(SOME_ROWS_FAILED)


@app.command()
def plan(
    source: Source,
    column: Column,
    kind: KindOption = None,
    regions: RegionsOption = None,
    language: LanguageOption = None,
    setting: SettingOption = None,
    endpoint: EndpointOption = None,
    ledger: LedgerOption = None,
    price_per_call: Annotated[float | None, typer.Option(help="To tell the cost")] = None,
) -> None:
    """Tell what `recognize` would take, without a single call."""
    options = _options(kind, regions, language, setting, endpoint, ledger)
    typer.echo(str(pipeline.plan_table(source, column, price_per_call, **options)))


@app.command("ledger")
def show_ledger(
    ledger: LedgerOption = None,
    prune_days: Annotated[
        float | None, typer.Option(help="Forget what has not changed for so many days")
    ] = None,
) -> None:
    """Show what is on record; forget what is old."""
    path = _ledger_path(ledger)
    if path is None or not path.exists():
        typer.echo(f"{path}: nothing on record")
        return
    record = Ledger(path)
    try:
        if prune_days is not None:
            gone = record.prune(time.time() - prune_days * 86400)
            typer.echo(f"forgot {gone} jobs", err=True)
        typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
        for state, count in record.counts().items():
            typer.echo(f"{count:>12,}  {state}")
    finally:
        record.close()


@app.command()
def serve(
    client_id: Annotated[str, typer.Option(envvar="ASPOSE_CLIENT_ID", help="Who may call")],
    client_secret: Annotated[
        str, typer.Option(envvar="ASPOSE_CLIENT_SECRET", help="Better given by the environment")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8080,
    workers: Annotated[int, typer.Option(help="Worker processes; 0 is one per processor")] = 0,
) -> None:
    """Serve the recognition protocol v5.0 with the local engine, until interrupted."""
    require_engine()
    # The rest of the server is an extra.
    from ocr_frames.server import serve as server
    from ocr_frames.server.config import PoolConfig, ServerConfig

    config = ServerConfig({client_id: client_secret}, host, port, pool=PoolConfig(workers=workers))
    server.run(config, lambda url: typer.echo(f"serving on {url}", err=True))


def _given(**options: object) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _options(
    kind: str | None,
    regions: Path | None,
    language: str | None,
    setting: list[str] | None,
    endpoint: str | None,
    ledger: str | None,
) -> dict[str, Any]:
    """What makes a job the job it is, and where it is on record."""
    options = _given(kind=kind, language=language, regions=_regions(regions))
    if endpoint is not None:
        named = os.environ | {"OCR_FRAMES_ENDPOINT": endpoint}
        options["endpoint"] = Endpoint.from_environment(named)
    if ledger is not None:
        options["ledger"] = _ledger_path(ledger) or False
    return options | dict(_setting(text) for text in setting or ())


def _ledger_path(given: str | None) -> Path | None:
    if given == "none":
        return None
    return request.ledger_path(given or True)


def _regions(path: Path | None) -> object:
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
