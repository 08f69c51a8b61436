"""HTML that stands alone: no script, nothing fetched, and sound without its style."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ocr_frames.errors import MisuseError, TableError
from ocr_frames.notebook.foreign import escaped, isolated

_STYLE = """
.ocr-frames { font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.ocr-frames h2 { font-size: 1.2em; margin: .2em 0 .6em; }
.ocr-frames h3 { font-size: 1em; margin: 1.4em 0 .4em; }
.ocr-frames p { margin: .3em 0; }
.ocr-frames .quiet { opacity: .7; }
.ocr-frames .mark, .ocr-frames .cut { font-size: .8em; opacity: .75; }
.ocr-frames .mark { border: 1px solid; border-radius: 3px; padding: 0 2px; }
.ocr-frames table { border-collapse: collapse; margin: 0; font-size: 1em; }
.ocr-frames th, .ocr-frames td { text-align: left; vertical-align: top; padding: 3px 14px 3px 0;
  border: 0; border-bottom: 1px solid rgba(128,128,128,.3); overflow-wrap: anywhere; }
.ocr-frames td { min-width: 5em; max-width: 46em; }
.ocr-frames td.number { min-width: 0; }
.ocr-frames .scroll { overflow-x: auto; }
.ocr-frames .worst td:first-child { min-width: 13em; max-width: 18em; }
.ocr-frames th { font-weight: 600; white-space: nowrap; }
.ocr-frames td.number, .ocr-frames th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.ocr-frames code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  font-size: .93em; background: none; color: inherit; padding: 0; white-space: nowrap; }
.ocr-frames .cards { display: grid; gap: 14px;
  grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); }
.ocr-frames .card { border: 1px solid rgba(128,128,128,.35); border-radius: 8px;
  overflow: hidden; display: flex; flex-direction: column; min-width: 0; contain: paint; }
.ocr-frames .picture { background: rgba(128,128,128,.12); height: 260px; display: flex;
  align-items: center; justify-content: center; }
.ocr-frames .picture img { max-width: 100%; max-height: 100%; margin: 0; display: block; }
.ocr-frames .picture p { padding: 12px; overflow-wrap: anywhere; }
.ocr-frames .told { padding: 8px 12px 10px; min-width: 0; overflow: hidden;
  overflow-wrap: anywhere; }
.ocr-frames .text { max-height: 13em; overflow: auto;
  border-left: 3px solid rgba(128,128,128,.35); padding-left: 8px; margin-top: 6px; }
.ocr-frames .error b { color: #e0443e; }
.ocr-frames .badge { border-radius: 9px; padding: 1px 8px; color: #fff; font-size: .85em;
  background: #6e7781; }
.ocr-frames .badge.completed { background: #1a7f37; }
.ocr-frames .badge.failed { background: #cf222e; }
.ocr-frames .badge.pending { background: #9a6700; }
.ocr-frames .bar { display: flex; height: 12px; border-radius: 6px; overflow: hidden;
  margin: 8px 0; background: #6e7781; max-width: 760px; }
.ocr-frames .bar span { display: block; background: #6e7781; }
.ocr-frames .bar .completed { background: #1a7f37; }
.ocr-frames .bar .failed { background: #cf222e; }
.ocr-frames .bar .pending { background: #d4a72c; }
.ocr-frames .plots { display: flex; flex-wrap: wrap; gap: 0 40px; }
.ocr-frames .plots img { max-width: 100%; }
.ocr-frames del { background: rgba(207,34,46,.28); text-decoration: line-through; }
.ocr-frames ins { background: rgba(26,127,55,.30); text-decoration: underline; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def fragment(body: str) -> str:
    """HTML for a notebook's cell."""
    return f'<style>{_STYLE}</style><div class="ocr-frames">{body}</div>'


def document(title: str, body: str) -> str:
    """A whole page; its policy forbids scripts and requests, whatever it holds."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escaped(title)}</title></head>"
        f'<body style="margin: 20px">{fragment(body)}</body></html>\n'
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of cells that are HTML; the columns in `numbers` are flush right."""

    def cells(name: str, row: Sequence[str]) -> str:
        return "".join(
            f'<{name} class="number">{cell}</{name}>'
            if at in numbers
            else f"<{name}>{cell}</{name}>"
            for at, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{cells('th', heads)}</tr></thead>"
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def save(path: str | Path, writers: dict[str, Callable[[Path], None]]) -> Path:
    """Write a file in the format of its name's ending, beside its name, and rename it.

    Raises MisuseError for an ending that is not among the `writers`, TableError where the file
    cannot be written.
    """
    path = Path(path)
    write = writers.get(path.suffix.lower())
    if write is None:
        raise MisuseError(f"{str(path)!r}: the name ends in {' or '.join(writers)}")
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    try:
        write(beside)
        beside.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise TableError(f"{str(path)!r} could not be written: {reason}") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def writes(text: Callable[[], str]) -> Callable[[Path], None]:
    """A writer of a text, which is made when it is wanted."""

    def write(path: Path) -> None:
        path.write_text(text(), "utf-8")

    return write


def error(told: str | None) -> str:
    """What a row says went wrong, its code first and bold; "" for nothing."""
    if told is None:
        return ""
    code, colon, message = told.partition(": ")
    return f'<p class="error"><b>{isolated(code, 60)}</b>{colon}{isolated(message)}</p>'
