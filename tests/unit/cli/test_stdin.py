"""`-`: a path per line on standard input."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from ocr_frames.cli.stdin import source_table
from ocr_frames.errors import MisuseError


def send(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))


def test_lines_become_a_private_table_while_it_lasts(monkeypatch):
    send(monkeypatch, "one two.png\r\n\nü\u2028.png".encode())
    with source_table("-", None) as (table, column):
        assert column == "path"
        assert pq.read_table(table)["path"].to_pylist() == ["one two.png", "ü\u2028.png"]
        assert Path(table).parent.stat().st_mode & 0o077 == 0
    assert not Path(table).exists()


def test_the_column_may_be_named(monkeypatch):
    send(monkeypatch, b"a.png\n")
    with source_table("-", "image") as (table, column):
        assert (column, pq.read_table(table).column_names) == ("image", ["image"])


def test_a_table_stays_a_table():
    with source_table("in.csv", "path") as named:
        assert named == ("in.csv", "path")


@pytest.mark.parametrize(
    ("content", "says"), [(b"", "is empty"), (b"\n\r\n", "is empty"), (b"\xff.png", "no UTF-8")]
)
def test_no_paths_are_misuse(monkeypatch, content: bytes, says: str):
    send(monkeypatch, content)
    with pytest.raises(MisuseError, match=says), source_table("-", None):
        pass


def test_a_table_without_its_column_is_misuse():
    with pytest.raises(MisuseError, match="--column is missing"), source_table("in.csv", None):
        pass
