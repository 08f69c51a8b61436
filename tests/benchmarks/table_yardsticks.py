"""What a table's recognition is measured beside, as functions for a process of their own."""

import asyncio
import base64
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from ocr_frames import wire
from tests.benchmarks.yardsticks import _token


def nothing() -> None:
    """The interpreter and its imports."""


def plain_script(url: str, source: str, destination: str, rows: int, threads: int) -> Any:
    """The first rows by pandas and the vendor's own client; what a row costs, and what it says."""
    from aspose_ocr_cloud import ApiClient, Configuration
    from aspose_ocr_cloud.api.recognize_image_api import RecognizeImageApi
    from aspose_ocr_cloud.models.ocr_recognize_image_body import OCRRecognizeImageBody
    from aspose_ocr_cloud.models.ocr_settings_recognize_image import OCRSettingsRecognizeImage

    token = asyncio.run(_token(url, wire.token_form("id", "secret")))
    began_s = time.perf_counter()
    frame = pd.read_parquet(source).head(rows)
    folder = Path(source).parent
    with ApiClient(Configuration(host=url, access_token=token)) as client:
        client.set_default_header("Authorization", f"Bearer {token}")
        api = RecognizeImageApi(client)

        def read(path: str) -> str:
            image = base64.b64encode((folder / path).read_bytes()).decode()
            body = OCRRecognizeImageBody(image=image, settings=OCRSettingsRecognizeImage())
            task = api.post_recognize_image(body)
            while (answer := api.get_recognize_image(id=task)).task_status != "Completed":
                time.sleep(1)
            return base64.b64decode(answer.results[0].data).decode()

        with ThreadPoolExecutor(threads) as pool:
            frame["text"] = list(pool.map(read, frame["path"]))
    frame.to_parquet(destination)
    return {"seconds": time.perf_counter() - began_s, "texts": frame["text"].tolist()}
