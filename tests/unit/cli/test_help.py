"""What the command says of itself, and to those who mistype."""

import pytest


def test_a_wrong_command_names_the_right_one(call):
    done = call("reconize")
    assert done.exit_code == 2
    assert "recognize" in done.stderr


@pytest.mark.parametrize(
    "command", ["recognize", "plan", "preview", "report", "compare", "ledger", "config", "serve"]
)
def test_help_holds_examples(call, command: str):
    told = call(command, "--help")
    assert told.exit_code == 0
    assert f"ocr-frames {command}" in told.stdout.partition("Examples:")[2]
    assert "\x1b" not in told.stdout
