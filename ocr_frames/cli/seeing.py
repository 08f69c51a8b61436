"""`ocr-frames preview`, `report` and `compare`: look at what `recognize` wrote."""

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import pyarrow as pa
import typer

from ocr_frames import notebook, tables
from ocr_frames.cli.lines import JsonOption, tell_json
from ocr_frames.cli.options import RegionsOption, regions_of
from ocr_frames.notebook import Only
from ocr_frames.transform import check_columns

Results = Annotated[
    str, typer.Argument(help="Table that `recognize` wrote: .csv or .parquet, a folder or a glob")
]
ImageColumn = Annotated[str | None, typer.Option("--column", help="Column with the images")]
PrefixOption = Annotated[
    str | None, typer.Option("--prefix", help="Of the added columns, if it cannot be told")
]
_NUMBERS = ("seconds", "confidence", "calls")
_OURS = ("status", "text", "error", "words", *_NUMBERS)


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
    table = tables.Source(source)
    gallery = notebook.preview(
        _frame(table, column),
        n,
        only,
        column=column,
        prefix=prefix,
        regions=regions_of(regions),
        folders=table.folders,
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
    frame = _frame(tables.Source(source), column)
    summary = notebook.summarize(frame, price_per_call, column=column, prefix=prefix)
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
    frame = _frame(tables.Source(source), column, expected)
    comparison = notebook.compare(
        frame, expected, n, ignore_case=ignore_case, column=column, prefix=prefix
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


def _frame(source: tables.Source, *named: str | None) -> pd.DataFrame:
    """Read what is `named` and what may be results; the rest of the table may be large.

    Figures that CSV holds as text become numbers again.
    """
    check_columns(source.schema, [name for name in named if name is not None])
    remembered = (source.schema.metadata or {}).get(b"PANDAS_ATTRS")
    attrs = json.loads(remembered) if remembered else {}
    wanted = {*named, attrs.get("ocr", {}).get("column")}
    names = [
        field.name
        for field in source.schema
        if field.name in wanted or (field.name.endswith(_OURS) and not _is_binary(field.type))
    ]
    # The index that a file of pandas remembers may not be among them.
    frame: pd.DataFrame = source.table(names).replace_schema_metadata().to_pandas()
    frame.attrs = attrs
    for name in frame.columns:
        if str(name).endswith(_NUMBERS) and frame[name].dtype in ("object", "str"):
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
