"""What the commands print: lines for people, JSON for machines, colour where it is wanted."""

import json
import os
import sys
from typing import Annotated, Any

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout")]


def tell_json(values: Any) -> None:
    """Print plain values as JSON; paths as text, what is no ASCII escaped."""
    typer.echo(json.dumps(values, default=str))


def tell_error(message: str) -> None:
    """Print an error to stderr, red on a terminal unless NO_COLOR is set."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    prefix = typer.style("ocr-frames:", fg=typer.colors.RED, bold=True)
    typer.echo(f"{prefix} {message}", err=True, color=coloured)


def examples(*lines: str) -> str:
    """Text for the end of a command's help."""
    # \b keeps the lines as they are.
    return "\n  ".join(["\b\nExamples:", *lines])
