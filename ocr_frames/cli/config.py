"""`ocr-frames config`."""

from dataclasses import asdict

import typer

from ocr_frames.cli.lines import JsonOption, tell_json
from ocr_frames.configuration import Configuration, Setting


def config(as_json: JsonOption = False) -> None:
    """Show what holds where no argument says otherwise, and where it came from.

    The environment comes before the nearest ocr-frames.toml, or pyproject.toml with a table
    [tool.ocr-frames], in this folder or above. Secrets are masked.
    """
    configuration = Configuration.read()
    held = configuration.all()
    if as_json:
        settings = {name: asdict(setting) for name, setting in held.items()}
        tell_json({"file": configuration.file, "settings": settings})
        return
    width = max(len(_shown(setting)) for setting in held.values())
    for name, setting in held.items():
        typer.echo(f"{name:<25} {_shown(setting):<{width}}  {setting.source}")


def _shown(setting: Setting) -> str:
    if setting.value is None:
        return "-"
    return str(setting.value).lower() if isinstance(setting.value, bool) else str(setting.value)
