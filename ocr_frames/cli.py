"""The command `ocr-frames`: arguments to the library, its answers to lines and exit codes."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ocr_frames import pipeline
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


def main() -> None:
    """Run the command; turn what the library raises into one line and an exit code."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        app()
    except OcrFramesError as error:
        _fail(str(error), error.exit_code)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"ocr-frames: {message}", err=True)
    raise SystemExit(exit_code)


@app.command()
def recognize(
    source: Annotated[Path, typer.Argument(help="Table to read: .csv or .parquet")],
    destination: Annotated[Path, typer.Argument(help="Table to write: .csv or .parquet")],
    column: Annotated[str, typer.Option(help="Column with the paths of the images")],
    kind: Annotated[str | None, typer.Option(help="image, label or regions")] = None,
    regions: Annotated[
        Path | None,
        typer.Option(help="JSON file: a list of [left, top, right, bottom], or names to them"),
    ] = None,
    language: Annotated[str | None, typer.Option(help="Such as German; default English")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A recognition setting: rotate=90, make_upsampling=true, …"),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="URL; credentials come from ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET"),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Of the added columns")] = "ocr_",
    max_outstanding: Annotated[
        int | None, typer.Option(help="Images submitted and not yet answered, at most")
    ] = None,
    deadline_s: Annotated[
        float | None, typer.Option(help="Seconds after which an image ends without an answer")
    ] = None,
    progress: Annotated[bool, typer.Option(help="Show a bar on stderr")] = True,
) -> None:
    """Recognize the images a table names; write the table with status, text and error.

    Relative paths are looked for in the folder of the table, then in the working directory.
    Without endpoint and credentials the local engine recognizes.
    """
    given: dict[str, Any] = {
        "kind": kind,
        "regions": _regions(regions),
        "language": language,
        "endpoint": _endpoint(endpoint),
        "max_outstanding": max_outstanding,
        "deadline_s": deadline_s,
    }
    given |= dict(_setting(text) for text in setting or ())
    options = {name: value for name, value in given.items() if value is not None}
    report = pipeline.recognize_table(
        source, destination, column, prefix=prefix, progress=progress, **options
    )
    typer.echo(f"{report} -> {destination}", err=True)
    if report.stopped is not None:
        _fail(str(report.stopped), 1)
    if set(report.rows) - {"Completed", "Skipped"}:
        raise SystemExit(SOME_ROWS_FAILED)


def _regions(path: Path | None) -> object:
    if path is None:
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MisuseError(f"--regions {path}: {error}") from error


def _endpoint(url: str | None) -> Endpoint | None:
    if url is None:
        return None
    return Endpoint.from_environment(os.environ | {"OCR_FRAMES_ENDPOINT": url})


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise MisuseError(f"--set {text!r}: write name=value, such as rotate=90")
    try:
        return name, json.loads(value.lower() if value in ("True", "False") else value)
    except ValueError:
        return name, value


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
