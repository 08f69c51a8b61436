"""Parts: every row goes to one, in order; their names say what they were made of."""

import os
import shutil
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.tables import Destination, Parts, Source


def source_of(folder: Path, sizes: list[int], kind: str = "parquet") -> Source:
    """Files with so many rows, numbered all along."""
    first = 0
    for number, size in enumerate(sizes):
        table = pa.table({"n": pa.array(range(first, first + size), pa.int64())})
        path = folder / f"in/p={number % 2}/{number:03d}.{kind}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "csv":
            pa.csv.write_csv(table, path)
        else:
            pq.write_table(table, path, row_group_size=2)
        first += size
    return Source(folder / "in")


def parts_of(source: Source, where: Path, part_rows: int = 3, identity: str = "same") -> Parts:
    return Parts(source, Destination(where, source), part_rows, identity)


def numbers(pieces) -> list[int]:
    return [int(n) for piece in pieces for n in piece.table["n"].to_pylist()]


@given(
    sizes=st.lists(st.integers(0, 8), min_size=1, max_size=4),
    part_rows=st.integers(1, 5),
    kind=st.sampled_from(["parquet", "csv"]),
    data=st.data(),
)
def test_every_row_goes_to_one_part_in_order(tmp_path_factory, sizes, part_rows, kind, data):
    folder = tmp_path_factory.mktemp("parts")
    source = source_of(folder, sizes, kind)
    parts = parts_of(source, folder / "out", part_rows)
    pieces = list(parts.scan(["n"]))
    by_part: dict[str, list[int]] = {}
    for piece in pieces:
        by_part.setdefault(piece.part.path, []).extend(numbers([piece]))
    expected = numbers(parts_of(source, folder / "one.csv").scan(["n"]))
    assert sorted(expected) == list(range(sum(sizes)))
    assert [n for part in by_part.values() for n in part] == expected
    counts = [-(-fragment_rows // part_rows) or 1 for fragment_rows in sizes]
    assert len(by_part) == sum(counts)
    assert max(map(len, by_part.values())) <= part_rows
    # Each part ends once, with its last piece, and before the next begins.
    ends = [piece.part.path for piece in pieces if piece.is_last]
    assert ends == list(by_part)
    order = [piece.part.path for piece in pieces]
    assert order == sorted(order, key=list(by_part).index)
    # Whatever is done is left out, and nothing else.
    done = data.draw(st.sets(st.sampled_from(list(by_part))))
    again = parts_of(source, folder / "out", part_rows)
    again.done |= done
    left = [n for path, part in by_part.items() if path not in done for n in part]
    assert numbers(again.scan(["n"])) == left
    assert {piece.part.path for piece in again.scan(["n"])} == set(by_part) - done
    assert all(map(parts.belongs, by_part))


def test_parts_lie_in_their_partition_and_sort_as_the_source(tmp_path: Path):
    parts = parts_of(source_of(tmp_path, [4, 1]), tmp_path / "out")
    paths = list(dict.fromkeys(piece.part.path for piece in parts.scan(["n"])))
    assert paths == sorted(paths)
    folders = [PurePosixPath(path).parent.name for path in paths]
    assert folders == ["p=0", "p=0", "p=1"]


def test_another_source_or_other_arguments_make_other_parts(tmp_path: Path):
    source = source_of(tmp_path, [4, 1])
    parts = parts_of(source, tmp_path / "out")
    paths = {piece.part.path for piece in parts.scan(["n"])}
    other = parts_of(source, tmp_path / "out", identity="other")
    finer = parts_of(source, tmp_path / "out", part_rows=2)
    shutil.copytree(tmp_path / "in", tmp_path / "moved")
    moved = parts_of(Source(tmp_path / "moved"), tmp_path / "out")
    os.utime(tmp_path / "in/p=0/000.parquet", (1, 1))
    newer = parts_of(Source(tmp_path / "in"), tmp_path / "out")
    for changed in (other, finer, moved):
        assert not paths & {piece.part.path for piece in changed.scan(["n"])}
    assert all(parts.belongs(path) for path in paths)
    assert not any(other.belongs(path) or moved.belongs(path) for path in paths)
    # Of a file that is unchanged the part stays.
    assert [newer.belongs(path) for path in sorted(paths)] == [False, False, True]


@pytest.mark.parametrize("name", ["part-00000-00000-0123456789abcdef.parquet", "x.parquet"])
def test_what_has_not_the_name_does_not_belong(tmp_path: Path, name: str):
    parts = parts_of(source_of(tmp_path, [4]), tmp_path / "out")
    assert parts.is_ours(f"{tmp_path}/out/{name}") == name.startswith("part")
    assert not parts.belongs(f"{tmp_path}/out/p=0/{name}")


def test_a_file_is_one_part_and_in_place_each_file_is(tmp_path: Path):
    source = source_of(tmp_path, [4, 0, 2])
    one = list(parts_of(source, tmp_path / "one.csv", 1).scan(["n"]))
    assert {piece.part.path for piece in one} == {str(tmp_path / "one.csv")}
    assert [piece.is_last for piece in one] == [False] * (len(one) - 1) + [True]
    assert all(piece.part.fragments == tuple(source.fragments) for piece in one)
    there = parts_of(source, tmp_path / "in", 1)
    assert [piece.part.path for piece in there.scan(["n"]) if piece.is_last] == [
        fragment.path for fragment in source.fragments
    ]
