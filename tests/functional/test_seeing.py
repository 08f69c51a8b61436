"""What a browser makes of a gallery, a report and a comparison of hostile texts."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from ocr_frames.notebook import compare, preview, summarize
from tests.unit.notebook.frames import HOSTILE, draw, frame

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
WIDTH = 1000

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium (apt install chromium)")

# Looks around once all is there, and tells in the title, which --dump-dom shows.
PROBE = """<script>
addEventListener("load", () => {
  const cut = [...document.querySelectorAll(".told, .told > *")]
    .filter(element => element.scrollWidth > element.clientWidth);
  document.title = JSON.stringify({
    ran: window.ran === true,
    foreign: document.querySelectorAll(
      ".ocr-frames script, .ocr-frames svg, .ocr-frames [onerror], .ocr-frames [onload]").length,
    cards: document.querySelectorAll(".ocr-frames .card").length,
    hidden: [...document.querySelectorAll(".ocr-frames h2")]
      .filter(element => element.getBoundingClientRect().height === 0).length,
    wide: document.documentElement.scrollWidth - innerWidth,
    cut: cut.length,
    reversed: [...document.querySelectorAll(".ocr-frames bdi")]
      .filter(element => /[\\u202a-\\u202e\\u2066-\\u2069]/.test(element.textContent)).length,
  });
});
</script>"""


@pytest.fixture
def browse(tmp_path: Path):
    """Open a page in a new profile; with `shot`, write a picture, else return the DOM."""

    def browse(page: Path, shot: Path | None = None, height: int = 1400) -> str:
        wanted = ["--dump-dom"] if shot is None else [f"--screenshot={shot}"]
        done = subprocess.run(
            [
                str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars", f"--user-data-dir={tmp_path / 'profile'}",
                f"--window-size={WIDTH},{height}", *wanted, page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return browse


@pytest.fixture
def shown(tmp_path: Path):
    """Gallery, report and comparison of an image for each hostile text."""
    texts = [*HOSTILE.values(), "x" * 10_000_000]
    path = str(draw(tmp_path / "a.png"))
    errors = [None if at % 2 else f"{text[:2000]}: {text[:2000]}" for at, text in enumerate(texts)]
    out = frame(
        ["Error" if error else "Completed" for error in errors],
        [None if error else text for error, text in zip(errors, texts, strict=True)],
        errors,
        path=path,
        label=texts[::-1],
        ocr_seconds=range(len(texts)),
    )
    out.index = [text[:2000] for text in texts]
    return (
        preview(out, column="path"),
        summarize(out, column="path"),
        compare(out.head(-1), "label", n=20, column="path"),
    )


def test_hostile_texts_do_not_run_nor_break_a_page(shown, browse, tmp_path: Path):
    bodies = "".join(each._repr_html_() for each in shown)
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>-</title>{bodies}{PROBE}", "utf-8")
    dom = browse(page)
    title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
    assert title is not None
    found = json.loads(html.unescape(title[1]))
    assert found == {
        "ran": False,
        "foreign": 0,
        "cards": len(HOSTILE) + 1,
        "hidden": 0,
        "wide": 0,
        "cut": 0,
        "reversed": 0,
    }


def test_a_saved_page_lets_no_script_run_at_all(shown, browse, tmp_path: Path):
    saved = shown[0].save(tmp_path / "gallery.html")
    saved.write_text(saved.read_text("utf-8").replace("</body>", f"{PROBE}</body>"), "utf-8")
    assert '"ran"' not in re.sub(r"<script>.*?</script>", "", browse(saved), flags=re.DOTALL)


@pytest.mark.parametrize(("at", "name"), [(0, "gallery"), (1, "report"), (2, "comparison")])
def test_a_saved_page_is_drawn(shown, browse, tmp_path: Path, at: int, name: str):
    picture = tmp_path / f"{name}.png"
    browse(shown[at].save(tmp_path / f"{name}.html"), picture)
    with Image.open(picture) as image:
        colours = image.convert("RGB").getcolors(1 << 24)
    assert colours is not None
    assert len(colours) > 20
