"""`ocr-frames serve`."""

import os
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from ocr_frames.errors import MisuseError
from ocr_frames.server.embedded import require_engine


def serve(
    client_id: Annotated[
        str | None, typer.Option(envvar="ASPOSE_CLIENT_ID", help="Who may call")
    ] = None,
    client_secret: Annotated[
        str | None,
        typer.Option(envvar="ASPOSE_CLIENT_SECRET", help="Better given by the environment"),
    ] = None,
    clients: Annotated[
        Path | None,
        typer.Option(
            help="File with ids and secrets of several clients, .toml or .json; "
            "OCR_FRAMES_CLIENTS may hold the same as JSON"
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one", min=0, max=65535)] = 8080,
    cert: Annotated[Path | None, typer.Option(help="Certificate chain for TLS, PEM")] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, PEM")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Serve plain HTTP to other machines, too")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            envvar="OCR_FRAMES_SERVER_DATA",
            help="Folder for tasks and their images; default: the user's data folder",
        ),
    ] = None,
    keep_hours: Annotated[
        float, typer.Option(help="From submission until a task is deleted", min=0.01)
    ] = 24.0,
    workers: Annotated[
        int, typer.Option(help="Worker processes; 0 is one per processor", min=0)
    ] = 0,
    engine: Annotated[
        str,
        typer.Option(
            envvar="OCR_FRAMES_ENGINE",
            help="auto (RapidOCR where it reads the language, else Tesseract), rapidocr, "
            "tesseract, or the name of another installed engine",
        ),
    ] = "auto",
    max_body_mb: Annotated[int, typer.Option(help="Of one request", min=1)] = 64,
    max_queued: Annotated[
        int, typer.Option(help="Tasks that may wait, four fifths of one client", min=1)
    ] = 10_000,
    max_queued_mb: Annotated[int, typer.Option(help="Of images that wait", min=1)] = 4096,
    trial_per_minute: Annotated[
        float,
        typer.Option(help="Evaluation calls from one address; 0 is none", min=0.0),
    ] = 60.0,
    stop_limit_s: Annotated[
        float, typer.Option(help="Seconds for what is being recognized when it stops", min=0.0)
    ] = 8.0,
) -> None:
    """Serve the recognition protocol v5.0 with the local engine, until interrupted.

    Examples, with a client's id and secret in ASPOSE_CLIENT_ID and ASPOSE_CLIENT_SECRET:

        ocr-frames serve

        ocr-frames serve --host 0.0.0.0 --cert chain.pem --key key.pem --clients clients.toml

        ocr-frames serve --host 0.0.0.0 --insecure --clients clients.toml

    The last one is for a proxy in front that does TLS. The file of clients has a line such as
    invoices = "its secret" for each, or is a JSON object; only its owner may read it.

    What was acknowledged outlives the process, however it ends: start it again with the same
    --data.
    SIGTERM or Ctrl-C: what is being recognized may end, what waits is kept; twice: at once.
    """
    require_engine(engine)
    # The rest of the server is an extra.
    from ocr_frames.server import serve as server
    from ocr_frames.server.clients import known_clients
    from ocr_frames.server.config import Certificate, PoolConfig, ServerConfig
    from ocr_frames.server.cores import THREADS
    from ocr_frames.server.exposure import check_exposure

    if key is not None and cert is None:
        raise MisuseError("--key is of no use without --cert")
    known = known_clients(clients, client_id, client_secret, os.environ)
    check_exposure(host, has_clients=bool(known), has_tls=cert is not None, insecure=insecure)
    config = ServerConfig(
        known,
        host,
        port,
        data=data or platformdirs.user_data_path("ocr_frames") / "server",
        certificate=Certificate(cert, key) if cert is not None else None,
        max_body=max_body_mb << 20,
        max_queued=max_queued,
        max_queued_bytes=max_queued_mb << 20,
        trial_per_minute=trial_per_minute,
        keep_s=keep_hours * 3600,
        stop_limit_s=stop_limit_s,
        pool=PoolConfig(workers=workers, recognizer=engine),
    )
    os.environ.update(THREADS)  # the workers inherit it
    server.run(config, lambda url: typer.echo(f"serving on {url}", err=True))
