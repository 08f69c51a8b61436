"""`df.ocr.recognize` as a user meets it: real images, the real local engine."""

import asyncio
import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from pypdf import PdfReader

import ocr_frames
from ocr_frames.settings import Endpoint
from tests.conftest import SAMPLES, word_f1

pytestmark = pytest.mark.usefixtures("engine")
CARD = SAMPLES / "images" / "id_card.png"


@pytest.fixture(scope="module")
def read(samples: list[dict[str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(samples).set_index("path", drop=False)
    return frame.ocr.recognize(column="path", progress=False)


@pytest.fixture
def sign(samples: list[dict[str, str]]) -> str:
    return next(row["path"] for row in samples if "sign" in row["path"])


def test_every_sample_is_read(read: pd.DataFrame):
    assert (read["ocr_status"] == "Completed").all()
    assert read["ocr_error"].isna().all()
    poor = {
        path: (word_f1([(row.ocr_text, row.text)]), row.ocr_text)
        for path, row in read.iterrows()
        if row.kind != "regions" and word_f1([(row.ocr_text, row.text)]) < 0.9
    }
    assert poor == {}


def test_a_blank_page_completes_with_empty_text(read: pd.DataFrame):
    blank = read[read["path"].str.contains("blank")]
    assert blank["ocr_text"].tolist() == [""]


def test_the_pages_of_a_tiff_are_joined_by_form_feeds(read: pd.DataFrame):
    pages = read[read["path"].str.contains(".tif")].iloc[0]
    assert pages["ocr_text"].count("\f") == pages["text"].count("\f") >= 2


def test_named_regions_become_columns(samples: list[dict[str, str]]):
    boxes = json.loads((SAMPLES / "regions.json").read_text())["images/id_card.png"]
    frame = pd.DataFrame({"path": [str(CARD)]})
    out = frame.ocr.recognize(column="path", regions=boxes, progress=False)
    expected = next(row["text"] for row in samples if row["path"] == str(CARD)).split("\n")
    assert out.columns.tolist() == ["path", "ocr_status", "ocr_text", "ocr_error"] + [
        f"ocr_{name}" for name in boxes
    ]
    for name, text in zip(boxes, expected, strict=True):
        assert word_f1([(out.loc[0, f"ocr_{name}"], text)]) == 1.0, (name, text)
    assert out.loc[0, "ocr_text"].split("\n") == [out.loc[0, f"ocr_{name}"] for name in boxes]


def test_labels_and_a_list_of_regions(sign: str):
    frame = pd.DataFrame({"path": [sign]})
    assert frame.ocr.recognize("path", kind="label", progress=False)["ocr_text"].str.len()[0] > 0
    out = frame.ocr.recognize("path", regions=[(0, 0, 30, 30)], progress=False)
    assert out["ocr_status"].tolist() == ["Completed"]


@pytest.mark.parametrize(
    "column",
    [
        lambda paths: pd.Series(paths, dtype="object"),
        lambda paths: pd.Series(paths, dtype="string"),
        lambda paths: pd.Series(paths, dtype="category"),
        lambda paths: pd.Series(paths, dtype=pd.ArrowDtype(pa.string())),
        lambda paths: pd.Series([Path(path) if path else path for path in paths]),
        lambda paths: pd.Series([Path(path).read_bytes() if path else None for path in paths]),
    ],
    ids=["object", "string", "category", "arrow", "Path", "bytes"],
)
def test_every_kind_of_column_with_nulls_and_duplicate_labels(column, sign: str):
    frame = pd.DataFrame({"image": column([sign, None, sign])})
    frame.index = pd.Index(["a", "b", "a"], name="key")
    before = frame.copy(deep=True)
    out = frame.ocr.recognize(column="image", progress=False)
    assert out["ocr_status"].tolist() == ["Completed", "Skipped", "Completed"]
    assert out["ocr_text"].isna().tolist() == [False, True, False]
    assert out["ocr_error"].isna().all()
    assert out.index.equals(before.index)
    assert out.index.name == "key"
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(out[["image"]], before)


def test_images_in_memory_are_read_like_their_files(sign: str):
    with Image.open(sign) as image:
        colours = image.convert("RGB")
    cells = [sign, Path(sign).as_uri(), colours, np.asarray(colours), {"bytes": None, "path": sign}]
    frame = pd.DataFrame({"image": pd.Series(cells, dtype="object")})
    out = frame.ocr.recognize(column="image", progress=False)
    assert set(out["ocr_status"]) == {"Completed"}
    assert out["ocr_text"].nunique() == 1
    assert out.attrs["ocr"]["calls"]["submit"] == 2  # the file, and what it looks like


def test_every_picture_of_an_animated_file_is_read(samples: list[dict[str, str]], tmp_path: Path):
    paths = [row["path"] for row in samples if "sign" in row["path"] or "tag" in row["path"]][:2]
    pictures = [Image.open(path).convert("L").resize((600, 450)) for path in paths]
    pictures[0].save(tmp_path / "both.gif", save_all=True, append_images=pictures[1:])
    frame = pd.DataFrame({"path": [tmp_path / "both.gif"]})
    out = frame.ocr.recognize(column="path", details=["pages"], progress=False)
    each = pd.DataFrame({"image": pictures}).ocr.recognize(column="image", progress=False)
    assert out["ocr_pages"].tolist() == [2]
    read = out.loc[0, "ocr_text"].split("\f")
    assert len(read) == 2
    for one, other in zip(read, each["ocr_text"], strict=True):
        assert word_f1([(one, other)]) > 0.8


def test_details_of_what_was_read(samples: list[dict[str, str]], sign: str):
    pages = next(row["path"] for row in samples if row["path"].endswith((".tif", ".tiff")))
    frame = pd.DataFrame({"path": [sign, pages, None]})
    names = ["words", "confidence", "pages", "hocr", "pdf", "calls", "from_ledger"]
    out = frame.ocr.recognize(column="path", details=names, progress=False)
    assert out["ocr_error"].isna().all()
    assert out["ocr_pages"].tolist()[:2] == [1, out.loc[1, "ocr_text"].count("\f") + 1]
    assert out[[f"ocr_{name}" for name in names]].isna().sum(axis=1).tolist() == [0, 0, len(names)]
    for row in out.iloc[:2].itertuples():
        with Image.open(row.path) as image:
            width, height = image.size
        text = " ".join(word["text"] for word in row.ocr_words)
        assert word_f1([(text, row.ocr_text)]) > 0.95
        assert {word["page"] for word in row.ocr_words} == set(range(1, row.ocr_pages + 1))
        assert all(0 <= word["x0"] < word["x1"] <= width for word in row.ocr_words)
        assert all(0 <= word["y0"] < word["y1"] <= height for word in row.ocr_words)
        assert 0.5 < row.ocr_confidence <= 1
        assert len(PdfReader(BytesIO(row.ocr_pdf)).pages) == row.ocr_pages
        assert row.ocr_hocr.count('class="ocr_page"') == row.ocr_pages
    text = frame.ocr.recognize(column="path", progress=False)
    assert text["ocr_text"].equals(out["ocr_text"])
    assert text.attrs["ocr"]["calls"] == {}


def test_details_of_regions_are_joined():
    boxes = json.loads((SAMPLES / "regions.json").read_text())["images/id_card.png"]
    frame = pd.DataFrame({"path": [str(CARD)], "boxes": [json.dumps(boxes)]})
    names = ["words", "pages", "hocr", "pdf"]
    fixed = frame.ocr.recognize("path", regions=boxes, details=names, progress=False).iloc[0]
    assert set(boxes) <= {name.removeprefix("ocr_") for name in fixed.index}
    words = " ".join(word["text"] for word in fixed["ocr_words"])
    assert words.split() == fixed["ocr_text"].split()
    assert {word["page"] for word in fixed["ocr_words"]} == {1}
    assert fixed["ocr_pages"] == 1
    assert fixed["ocr_hocr"].count("<body") == 1
    assert len(PdfReader(BytesIO(fixed["ocr_pdf"])).pages) == len(boxes)
    rows = frame.ocr.recognize("path", regions=ocr_frames.col("boxes"), progress=False)
    assert rows.loc[0, "ocr_text"] == fixed["ocr_text"]
    assert rows.attrs["ocr"]["calls"] == {}
    as_json = frame.ocr.recognize("path", regions=boxes, details=["json"], progress=False)
    assert as_json.loc[0, "ocr_text"] == fixed["ocr_text"]
    assert len(json.loads(as_json.loc[0, "ocr_json"])["pages"]) == len(boxes)


def test_a_frame_without_rows_has_the_same_columns(read: pd.DataFrame):
    empty = pd.DataFrame({"path": pd.Series([], dtype="object")})
    out = empty.ocr.recognize(column="path")
    added = [name for name in read.columns if name.startswith("ocr_")]
    assert out[added].dtypes.equals(read[added].dtypes)
    assert len(out) == 0


def test_a_series_gives_the_added_columns_alone(sign: str):
    out = pd.Series([sign], index=[7], name="photo").ocr.recognize(progress=False)
    assert out.columns.tolist() == ["ocr_status", "ocr_text", "ocr_error"]
    assert out.index.tolist() == [7]


def test_relative_paths_start_at_the_working_directory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(SAMPLES)
    out = pd.DataFrame({"path": ["images/id_card.png"]}).ocr.recognize("path", progress=False)
    assert out["ocr_status"].tolist() == ["Completed"]


async def test_inside_a_running_loop_and_awaited(sign: str):
    frame = pd.DataFrame({"path": [sign]})
    inside = frame.ocr.recognize(column="path", progress=False)
    awaited = await frame.ocr.recognize_async(column="path", progress=False)
    pd.testing.assert_frame_equal(inside, awaited)
    assert inside["ocr_status"].tolist() == ["Completed"]
    assert asyncio.get_running_loop().is_running()


def test_in_ipython(sign: str, at_engine: dict[str, str], tmp_path: Path):
    line = (
        "import pandas as pd, ocr_frames; "
        f"print(pd.DataFrame({{'path': [{sign!r}]}}).ocr.recognize('path').ocr_status.tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", line],
        env=at_engine | {"IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "['Completed']" in done.stdout, done.stderr


def test_a_row_that_cannot_be_read_costs_that_row_only(sign: str, tmp_path: Path):
    photo = (SAMPLES / "images" / "price_tag.jpg").read_bytes()
    (tmp_path / "text.png").write_text("hello, I am no image")
    (tmp_path / "truncated.jpg").write_bytes(photo[: len(photo) // 2])
    (tmp_path / "empty.png").touch()
    locked = tmp_path / "locked.png"
    locked.write_bytes(photo)
    locked.chmod(0)
    expected = {
        str(tmp_path / "none.png"): "file-not-found",
        str(tmp_path): "not-a-file",
        str(tmp_path / "empty.png"): "empty-file",
        str(tmp_path / "text.png"): "recognition-failed",
        str(tmp_path / "truncated.jpg"): "recognition-failed",
        "": "empty-cell",
    }
    if not os.access(locked, os.R_OK):  # root may read it all the same
        expected[str(locked)] = "file-unreadable"
    paths = [sign, *expected, sign]
    out = pd.DataFrame({"path": paths}).ocr.recognize(column="path", progress=False)
    assert out["ocr_status"].tolist() == ["Completed", *["Error"] * len(expected), "Completed"]
    codes = out["ocr_error"].str.partition(":")[0]
    assert codes.iloc[1:-1].tolist() == list(expected.values())
    assert out["ocr_text"].iloc[1:-1].isna().all()


def test_a_region_outside_the_image_says_how_large_it_is():
    out = pd.DataFrame({"path": [str(CARD)]}).ocr.recognize(
        "path", regions={"name": (0, 0, 40, 40), "born": (5, 5, 90000, 80)}, progress=False
    )
    row = out.iloc[0]
    assert row["ocr_status"] == "Error"
    assert "outside the image" in row["ocr_error"]
    assert pd.isna(row["ocr_name"])


def test_a_language_the_local_engine_cannot_read_is_the_rows_error():
    out = pd.DataFrame({"path": [str(CARD)]}).ocr.recognize(
        "path", language="Tibetan", progress=False
    )
    assert out["ocr_status"].tolist() == ["Error"]
    assert "Tibetan" in out["ocr_error"][0]


def test_a_setting_that_does_not_act_is_logged(sign: str, caplog):
    frame = pd.DataFrame({"path": [sign]})
    frame.ocr.recognize("path", make_spell_check=True, language="German", progress=False)
    assert "makeSpellCheck" in caplog.text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"column": "pth"}, "no column 'pth'; did you mean 'path'"),
        ({"column": "zzz"}, "there are: path, ocr_text"),
        ({"column": "path"}, "'ocr_text' is there already"),
        ({"column": "path", "prefix": "x_", "langauge": "English"}, "did you mean 'language'"),
        ({"column": "path", "prefix": "x_", "language": "Klingon"}, "Klingon"),
        ({"column": "path", "prefix": "x_", "kind": "labels"}, "did you mean 'label'"),
        ({"column": "path", "prefix": "x_", "kind": "regions"}, "needs regions="),
        ({"column": "path", "prefix": "x_", "kind": "label", "regions": [(0, 0, 1, 1)]}, "goes"),
        ({"column": "path", "prefix": "x_", "regions": {"error": (0, 0, 1, 1)}}, "'error'"),
        ({"column": "path", "prefix": "x_", "regions": []}, "empty"),
        (
            {
                "column": "path",
                "prefix": "x_",
                "kind": "label",
                "endpoint": Endpoint.trial("http://x"),
            },
            "evaluation endpoint",
        ),
    ],
)
def test_misuse_raises_before_anything_is_sent(options: dict[str, object], says: str):
    frame = pd.DataFrame({"path": ["a.png"], "ocr_text": ["mine"]})
    with pytest.raises(ocr_frames.MisuseError, match=says):
        frame.ocr.recognize(**options)


def test_two_columns_of_one_name_are_misuse():
    frame = pd.DataFrame([["a", "b"]], columns=["path", "path"])
    with pytest.raises(ocr_frames.MisuseError, match="2 columns named 'path'"):
        frame.ocr.recognize("path")


def test_wrong_credentials_raise(engine: Endpoint, sign: str):
    wrong = Endpoint(engine.url, engine.client_id, "wrong")
    with pytest.raises(ocr_frames.CredentialsError, match="check both"):
        pd.DataFrame({"path": [sign]}).ocr.recognize("path", endpoint=wrong, progress=False)


def test_a_server_that_is_not_there_raises_with_its_address(sign: str):
    nobody = Endpoint("http://127.0.0.1:9", "id", "secret")
    with pytest.raises(ocr_frames.UnreachableError, match=r"http://127\.0\.0\.1:9"):
        pd.DataFrame({"path": [sign]}).ocr.recognize("path", endpoint=nobody, progress=False)


def test_the_local_engine_is_shared_by_all_runs_of_a_process(engine: Endpoint):
    from ocr_frames.server.embedded import local_endpoint

    assert local_endpoint() == engine


def test_the_evaluation_call_masks_words(engine: Endpoint, samples: list[dict[str, str]]):
    page = next(row["path"] for row in samples if row["path"].endswith("page.jpg"))
    trial = Endpoint.trial(engine.url)
    out = pd.DataFrame({"path": [page]}).ocr.recognize("path", endpoint=trial, progress=False)
    assert "***" in out["ocr_text"][0]
