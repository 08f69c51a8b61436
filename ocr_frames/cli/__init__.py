"""The command `ocr-frames`: arguments to the library, its answers to lines and exit codes."""

import logging
import sys
from typing import NoReturn

import typer
from tqdm.contrib.logging import logging_redirect_tqdm

from ocr_frames import stream
from ocr_frames.cli.config import config
from ocr_frames.cli.ledger import ledger
from ocr_frames.cli.lines import examples, tell_error
from ocr_frames.cli.recognize import plan, recognize
from ocr_frames.cli.seeing import compare, preview, report
from ocr_frames.cli.serve import serve
from ocr_frames.errors import OcrFramesError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # which would take [left, top, right, bottom] for markup
    help="OCR for tables of images. Exit codes: 0 every row completed (or had no image), "
    "3 some rows failed, 2 misuse, 1 the run could not go on.",
    epilog=examples(
        "ocr-frames recognize images.csv out.parquet --column path",
        "ls *.png | ocr-frames recognize - out.csv",
        "ocr-frames COMMAND --help",
    ),
)
_COMMANDS = (
    (
        recognize,
        "Recognize the images that a table names",
        "ocr-frames recognize images.csv out.parquet --column path",
        "ocr-frames recognize in.csv out.csv --column path --kind label --max-calls 150",
        "ocr-frames recognize in.csv out.csv --column path --language German --set rotate=90",
        "ocr-frames recognize in.csv out.parquet --column path --details seconds,calls",
        "find scans -name '*.tiff' | ocr-frames recognize - out.parquet --json",
    ),
    (
        plan,
        "Tell what it would take, without a single call",
        "ocr-frames plan images.csv --column path --price-per-call 0.01",
    ),
    (
        preview,
        "Write a gallery of images and what was read",
        "ocr-frames preview out.parquet gallery.html --column path",
        "ocr-frames preview out.parquet failed.png --column path --only failed -n 24",
    ),
    (
        report,
        "Tell what became of the rows",
        "ocr-frames report out.parquet --column path",
        "ocr-frames report out.parquet report.html --price-per-call 0.01",
    ),
    (
        compare,
        "Tell the error rates against known texts",
        "ocr-frames compare out.parquet --expected text --column path",
        "ocr-frames compare out.parquet comparison.html --expected text -n 20",
    ),
    (
        ledger,
        "Show what is on record; forget what is old",
        "ocr-frames ledger",
        "ocr-frames ledger --prune-days 30",
    ),
    (
        config,
        "Show what holds, and where it came from",
        "ocr-frames config",
        "ocr-frames config --json",
    ),
    (
        serve,
        "Serve the protocol with the local engine",
        "ASPOSE_CLIENT_ID=me ASPOSE_CLIENT_SECRET=... ocr-frames serve --port 8080",
    ),
)
for _command, _help, *_examples in _COMMANDS:
    app.command(short_help=_help, epilog=examples(*_examples))(_command)


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
    tell_error(message)
    raise SystemExit(exit_code)
