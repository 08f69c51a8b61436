"""`ocr-frames ledger`."""

import time
from typing import Annotated

import typer

from ocr_frames.cli.options import LedgerOption, ledger_path
from ocr_frames.engine.ledger import Ledger


def show_ledger(
    ledger: LedgerOption = None,
    prune_days: Annotated[
        float | None, typer.Option(help="Forget what has not changed for so many days")
    ] = None,
) -> None:
    """Show what is on record; forget what is old."""
    path = ledger_path(ledger)
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
