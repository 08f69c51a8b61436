"""`config`: what holds, and whence."""

import json
from pathlib import Path


def test_config_shows_what_holds_and_whence(call, monkeypatch, tmp_path: Path):
    below = tmp_path / "project" / "notebooks"
    below.mkdir(parents=True)
    file = below.parent / "ocr-frames.toml"
    file.write_text("language = 'German'\nmax_calls = 150\n")
    monkeypatch.chdir(below)
    monkeypatch.setenv("OCR_FRAMES_MAX_CALLS", "7")
    monkeypatch.setenv("ASPOSE_CLIENT_ID", "me")
    monkeypatch.setenv("ASPOSE_CLIENT_SECRET", "hush-hush")
    told = call("config")
    assert told.exit_code == 0, told.stderr
    lines = {line.split()[0]: line.split(maxsplit=1)[1] for line in told.stdout.splitlines()}
    assert lines["language"].split() == ["German", str(file)]
    assert lines["max_calls"].split() == ["7", "OCR_FRAMES_MAX_CALLS"]
    assert lines["client_secret"].split() == ["********", "ASPOSE_CLIENT_SECRET"]
    assert lines["endpoint"].split() == ["https://api.aspose.cloud", "default"]
    plain = json.loads(call("config", "--json").stdout)
    assert plain["file"] == str(file)
    assert plain["settings"]["language"] == {"value": "German", "source": str(file)}
    assert "hush" not in told.stdout + json.dumps(plain)
