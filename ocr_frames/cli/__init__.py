"""The command `ocr-frames`: arguments to the library, its answers to lines and exit codes."""

import logging
import sys
from typing import NoReturn

import typer
from tqdm.contrib.logging import logging_redirect_tqdm

from ocr_frames import stream
from ocr_frames.cli.ledger import show_ledger
from ocr_frames.cli.recognize import plan, recognize
from ocr_frames.cli.serve import serve
from ocr_frames.errors import OcrFramesError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="OCR for tables of images. Exit codes: 0 every row completed (or had no image), "
    "3 some rows failed, 2 misuse, 1 the run could not go on.",
)
app.command()(recognize)
app.command()(plan)
app.command("ledger")(show_ledger)
app.command()(serve)


def main() -> None:
    """Run the command; turn what the library raises into one line and an exit code."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    # The command tells the report itself.
    stream.report_log.setLevel(logging.CRITICAL)
    try:
        with logging_redirect_tqdm():
            app()
    except OcrFramesError as error:
        _fail(str(error), error.exit_code)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"ocr-frames: {message}", err=True)
    raise SystemExit(exit_code)
