"""Does a server do what its OpenAPI document says? Asked with schemathesis, in its own process."""

import os
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path

LONGEST_S = 1200

# that a box's right is right of its left is beyond what a schema can say
CONFIG = """
[[operations]]
include-path = "/v5.0/ocr/RecognizeRegions"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "413", "429"]
"""


DETERMINISTIC = ["--generation-deterministic"]
FORGETFUL = ["--generation-database", "none"]


def verify(url: str, authorization: str, examples: int, folder: Path) -> str:
    """Check all that schemathesis knows with so many examples per call; what it says of failures.

    "" where there are none. An answer that takes longer than 5 s is one.
    """
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = [
        *(Path(sys.executable).with_name("schemathesis"), "--config-file", config, "run"),
        *(f"{url}/openapi.json", "--header", f"Authorization: {authorization}"),
        *("--checks", "all", "--continue-on-failure", "--max-response-time", "5"),
        *("--request-timeout", "30", "--max-examples", str(examples)),
        "--no-color",
        # the same examples each time have no need of a memory, and may not have one
        *(DETERMINISTIC if os.environ.get("CI") else FORGETFUL),
    ]
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, timeout=LONGEST_S
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def answered(url: str) -> Counter[str]:
    """How many requests the server answered with each status."""
    with urllib.request.urlopen(f"{url}/metrics") as response:
        text = response.read().decode()
    counted: Counter[str] = Counter()
    for status, count in re.findall(r'ocr_requests_total{.*status="(\d+)"} (\S+)', text):
        counted[status] += int(float(count))
    return counted
