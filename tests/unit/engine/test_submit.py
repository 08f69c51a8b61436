"""What a row says when its submit failed for good."""

import pytest

from ocr_frames.cloud import exchange
from ocr_frames.engine.submit import advised

STEPS = ("run again", "shrink", "check", "change", "dashboard")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 429, 503])
def test_a_refusal_says_what_happened_and_what_to_do(status: int):
    problem = b'{"title": "Detail of the server"}'
    said = advised(exchange._refusal(status, {}, problem, "https://host"))
    assert "Detail of the server" in said
    assert f"(HTTP {status} from https://host)" in said
    assert any(step in said for step in STEPS)
