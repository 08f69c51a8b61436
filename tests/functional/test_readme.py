"""What the README says is what happens."""

import re
from pathlib import Path

from ocr_frames import errors
from tests.conftest import SAMPLES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def test_the_notebook_lines_run(engine, monkeypatch, caplog, tmp_path: Path):
    caplog.set_level("INFO")
    (tmp_path / "images").symlink_to(SAMPLES / "images")
    monkeypatch.chdir(tmp_path)
    code, further = [text for kind, text in BLOCKS if kind == "python"]
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    out = names["out"]
    assert out["ocr_status"].tolist() == ["Completed", "Completed", "Skipped", "Error"]
    assert "from the ledger" in caplog.text
    card = names["card"].ocr.recognize("path", regions=names["boxes"], progress=False)
    assert card.loc[0, ["ocr_name", "ocr_born"]].tolist() == ["Odette Tarrow", "14.03.1987"]
    exec(compile(further, "README.md", "exec"), names)
    assert names["out"].attrs["ocr"]["rows"]["Completed"] == 2


def test_ci_calls_exactly_the_test_command():
    (command,) = [text.strip() for kind, text in BLOCKS if kind == "bash" and "pytest" in text]
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == command


def test_every_code_is_in_the_readme():
    source = "\n".join(path.read_text() for path in (ROOT / "ocr_frames").rglob("*.py"))
    codes = set(re.findall(r'Failure\(\s*"([a-z-]+)"', source))
    codes |= set(re.findall(r'CallFailure\.[A-Z_]+,\s*"([a-z-]+)"', source))
    codes |= {kind.code for kind in errors.OcrFramesError.__subclasses__()}
    assert len(codes) > 20
    assert {code for code in codes if f"`{code}`" not in README} == set()
