"""`ocr-frames serve`."""

import os
from typing import Annotated

import typer

from ocr_frames.server.embedded import require_engine


def serve(
    client_id: Annotated[str, typer.Option(envvar="ASPOSE_CLIENT_ID", help="Who may call")],
    client_secret: Annotated[
        str, typer.Option(envvar="ASPOSE_CLIENT_SECRET", help="Better given by the environment")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8080,
    workers: Annotated[int, typer.Option(help="Worker processes; 0 is one per processor")] = 0,
    engine: Annotated[
        str,
        typer.Option(
            envvar="OCR_FRAMES_ENGINE",
            help="auto (RapidOCR where it reads the language, else Tesseract), rapidocr, "
            "tesseract, or the name of another installed engine",
        ),
    ] = "auto",
) -> None:
    """Serve the recognition protocol v5.0 with the local engine, until interrupted."""
    require_engine(engine)
    # The rest of the server is an extra.
    from ocr_frames.server import serve as server
    from ocr_frames.server.config import PoolConfig, ServerConfig
    from ocr_frames.server.cores import THREADS

    os.environ.update(THREADS)  # the workers inherit it
    pool = PoolConfig(workers=workers, recognizer=engine)
    config = ServerConfig({client_id: client_secret}, host, port, pool=pool)
    server.run(config, lambda url: typer.echo(f"serving on {url}", err=True))
