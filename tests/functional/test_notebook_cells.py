"""What a Jupyter notebook shows: a bar while it goes on, pictures when it is done."""

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]

BAR = """
import ocr_frames
from ocr_frames.model import Outcome, Status
from ocr_frames.progress import Figures, bar

with bar(5, show=True) as moved:
    moved.watch(lambda: Figures(in_flight=3, calls=8, max_calls=20))
    for position in range(5):
        moved(Outcome(position, Status.COMPLETED))
"""
SEEN = """
from tests.unit.notebook.frames import mixed

out = mixed(true=["seen", None, None, None, None, "b"], ocr_seconds=range(6))
display(out.ocr.preview(column="path"), out.ocr.report(), out.ocr.compare("true"))
"""


def test_a_notebook_shows_a_bar_and_pictures():
    cells = [nbformat.v4.new_code_cell(source) for source in (BAR, SEEN)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(ROOT)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    bar, seen = (cell["outputs"] for cell in notebook["cells"])
    drawn = "".join(output.get("text", "") for output in bar)
    assert re.search(r"5/5 .*in flight=3, calls=8/20", drawn)
    assert "Warning" not in drawn
    shown = [output["data"] for output in seen]
    titles = [re.search(r"<h2>(.*?)</h2>", each["text/html"]) for each in shown]
    assert [title and title[1] for title in titles] == [
        "6 rows",
        "6 rows",
        "character error rate 40.00%, word error rate 50.00% over 2 labelled rows",
    ]
    assert all("text/plain" in each for each in shown)
