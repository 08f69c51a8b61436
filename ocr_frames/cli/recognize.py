"""`ocr-frames recognize` and `ocr-frames plan`."""

from dataclasses import asdict
from typing import Annotated

import typer

from ocr_frames import pipeline
from ocr_frames.cli.lines import JsonOption, tell_json
from ocr_frames.cli.options import (
    Column,
    DetailsOption,
    EndpointOption,
    KindOption,
    LanguageOption,
    LedgerOption,
    RegionsOption,
    SettingOption,
    Source,
    given,
    options_of,
)
from ocr_frames.cli.stdin import source_table
from ocr_frames.errors import OcrFramesError

SOME_ROWS_FAILED = 3


def recognize(
    source: Source,
    destination: Annotated[
        str, typer.Argument(help="Table to write: .csv, .parquet, or a folder for Parquet parts")
    ],
    column: Column = None,
    kind: KindOption = None,
    regions: RegionsOption = None,
    language: LanguageOption = None,
    setting: SettingOption = None,
    details: DetailsOption = None,
    endpoint: EndpointOption = None,
    ledger: LedgerOption = None,
    prefix: Annotated[str | None, typer.Option(help="Of the added columns; default ocr_")] = None,
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
        bool | None,
        typer.Option(help="Try again what failed for the image's own sake", show_default=False),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Do the rows again that are failed or pending in the source")
    ] = None,
    row_group_rows: Annotated[
        int | None, typer.Option(help="Rows to a Parquet row group, at most")
    ] = None,
    compression: Annotated[
        str | None, typer.Option(help="Of Parquet: zstd, snappy, gzip, brotli, lz4, none")
    ] = None,
    part_rows: Annotated[
        int | None, typer.Option(help="Rows to a part of a folder, at most")
    ] = None,
    escape_formulas: Annotated[
        bool, typer.Option(help="In CSV, quote texts that a spreadsheet would run")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option(help="Replace what a folder holds of another source or other arguments")
    ] = False,
    progress: Annotated[
        bool | None,
        typer.Option(help="Show a bar on stderr, or a line per minute", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recognize the images a table names; write the table with status, text and error.

    Relative paths are looked for in the folder of the table, then in the working directory.
    Without endpoint and credentials the local engine recognizes. Run again after whatever
    stopped it: finished parts of a folder stay, what was paid for comes from the ledger.
    """
    options = options_of(kind, regions, language, setting, details, endpoint, ledger) | given(
        max_calls=max_calls,
        calls_per_second=calls_per_second,
        max_outstanding=max_outstanding,
        deadline_s=deadline_s,
        on_doubt=on_doubt,
        only=only,
        row_group_rows=row_group_rows,
        compression=compression,
        part_rows=part_rows,
        prefix=prefix,
        retry_failed=retry_failed,
        progress=progress,
    )
    with source_table(source, column) as (table, name):
        report = pipeline.recognize_table(
            table,
            destination,
            name,
            escape_formulas=escape_formulas,
            overwrite=overwrite,
            **options,
        )
    typer.echo(f"{report} -> {destination}", err=True)
    if as_json:
        tell_json(report.to_dict() | {"destination": destination})
    if report.stopped is not None:
        raise SystemExit(OcrFramesError.exit_code)
    if set(report.rows) - {"Completed", "Skipped"}:
        raise SystemExit(SOME_ROWS_FAILED)


def plan(
    source: Source,
    column: Column = None,
    kind: KindOption = None,
    regions: RegionsOption = None,
    language: LanguageOption = None,
    setting: SettingOption = None,
    details: DetailsOption = None,
    endpoint: EndpointOption = None,
    ledger: LedgerOption = None,
    price_per_call: Annotated[float | None, typer.Option(help="To tell the cost")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what `recognize` would take, without a single call."""
    options = options_of(kind, regions, language, setting, details, endpoint, ledger)
    with source_table(source, column) as (table, name):
        told = pipeline.plan_table(table, name, price_per_call, **options)
    if as_json:
        tell_json(asdict(told))
    else:
        typer.echo(str(told))
