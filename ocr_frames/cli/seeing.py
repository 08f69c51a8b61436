"""`ocr-frames preview`, `report` and `compare`: look at what `recognize` wrote."""

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ocr_frames import notebook, tables
from ocr_frames.cli.lines import JsonOption, tell_json
from ocr_frames.cli.options import RegionsOption, regions_of
from ocr_frames.notebook import Only

Results = Annotated[Path, typer.Argument(help="Table that `recognize` wrote: .csv or .parquet")]
ImageColumn = Annotated[str | None, typer.Option("--column", help="Column with the images")]
PrefixOption = Annotated[
    str | None, typer.Option("--prefix", help="Of the added columns, if it cannot be told")
]
_NUMBERS = ("seconds", "confidence", "calls")


def preview(
    source: Results,
    destination: Annotated[Path, typer.Argument(help="Gallery to write: .html or .png")],
    column: ImageColumn = None,
    n: Annotated[int, typer.Option("-n", "--number", help="Rows shown, the first ones")] = 12,
    only: Annotated[
        Only | None, typer.Option(help="Rows that are so; uncertain: the least certain first")
    ] = None,
    regions: RegionsOption = None,
    prefix: PrefixOption = None,
) -> None:
    """Write a gallery of images with what was read drawn on them, text and error beside.

    Relative paths are looked for in the folder of the table, then in the working directory.
    """
    gallery = notebook.preview(
        _frame(source),
        n,
        only,
        column=column,
        prefix=prefix,
        regions=regions_of(regions),
        folders=[source.resolve().parent],
    )
    typer.echo(f"{gallery.title} -> {gallery.save(destination)}", err=True)


def report(
    source: Results,
    destination: Annotated[
        Path | None, typer.Argument(help="Report to write, .html or .txt; else it is printed")
    ] = None,
    column: ImageColumn = None,
    prefix: PrefixOption = None,
    price_per_call: Annotated[float | None, typer.Option(help="To tell the cost")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what became of the rows: statuses, errors by code, and what was asked for besides.

    Latency, confidence and calls are told of tables recognized with these details.
    """
    summary = notebook.summarize(_frame(source), price_per_call, column=column, prefix=prefix)
    _deliver(summary, destination, as_json=as_json)


def compare(
    source: Results,
    destination: Annotated[
        Path | None, typer.Argument(help="Comparison to write, .html or .txt; else it is printed")
    ] = None,
    *,
    expected: Annotated[str, typer.Option(help="Column with the true texts")],
    column: ImageColumn = None,
    n: Annotated[int, typer.Option("-n", "--number", help="Worst rows shown")] = 5,
    ignore_case: Annotated[bool, typer.Option(help="Capitals make no difference")] = False,
    prefix: PrefixOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the character and word error rates against known texts, and the worst rows."""
    comparison = notebook.compare(
        _frame(source), expected, n, ignore_case=ignore_case, column=column, prefix=prefix
    )
    _deliver(comparison, destination, as_json=as_json)


def _deliver(
    told: notebook.Summary | notebook.Comparison, destination: Path | None, *, as_json: bool
) -> None:
    if destination is not None:
        typer.echo(f"-> {told.save(destination)}", err=True)
    if as_json:
        tell_json(told.to_dict())
    elif destination is None:
        typer.echo(str(told))


def _frame(source: Path) -> pd.DataFrame:
    """Read a table; figures that CSV holds as text become numbers again."""
    table = tables.Source(source).table()
    frame: pd.DataFrame = table.to_pandas()
    remembered = (table.schema.metadata or {}).get(b"PANDAS_ATTRS")
    frame.attrs = json.loads(remembered) if remembered else {}
    for name in frame.columns:
        if str(name).endswith(_NUMBERS) and frame[name].dtype in ("object", "str"):
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame
