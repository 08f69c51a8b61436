"""`ocr-frames ledger`."""

import time
from typing import Annotated

import typer

from ocr_frames.cli.lines import JsonOption, tell_json
from ocr_frames.cli.options import LedgerOption, ledger_path
from ocr_frames.engine.ledger import Ledger


def ledger(
    file: LedgerOption = None,
    prune_days: Annotated[
        float | None, typer.Option(help="Forget what has not changed for so many days")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is on record; forget what is old."""
    path = ledger_path(file)
    if path is None or not path.exists():
        if as_json:
            tell_json({"path": path, "bytes": 0, "jobs": {}, "forgotten": 0})
        else:
            typer.echo(f"{path}: nothing on record")
        return
    record = Ledger(path)
    try:
        gone = 0 if prune_days is None else record.prune(time.time() - prune_days * 86400)
        counts, size = record.counts(), path.stat().st_size
    finally:
        record.close()
    if as_json:
        tell_json({"path": path, "bytes": size, "jobs": counts, "forgotten": gone})
        return
    if prune_days is not None:
        typer.echo(f"forgot {gone} jobs", err=True)
    typer.echo(f"{path}: {size / 1e6:.1f} MB")
    for state, count in counts.items():
        typer.echo(f"{count:>12,}  {state}")
