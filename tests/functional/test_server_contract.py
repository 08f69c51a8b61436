"""What /openapi.json says of the server is what it does."""

import urllib.request

from tests.adapters.contract import answered, verify
from tests.adapters.serving import Serving, token


def test_the_server_does_what_its_document_says(tmp_path):
    with Serving(config={"trial_per_minute": 1e6}) as server:
        failures = verify(server.url, token(server.url), 10, tmp_path)
        statuses = answered(server.url)
        with urllib.request.urlopen(f"{server.url}/healthz") as response:
            assert response.status == 200

    assert failures == ""
    assert statuses.total() >= 300
    assert statuses["200"] > 100
    assert statuses["400"] > 100
    assert [status for status in statuses if status >= "500"] == []
