"""`ocr-frames serve`."""

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
) -> None:
    """Serve the recognition protocol v5.0 with the local engine, until interrupted."""
    require_engine()
    # The rest of the server is an extra.
    from ocr_frames.server import serve as server
    from ocr_frames.server.config import PoolConfig, ServerConfig

    config = ServerConfig({client_id: client_secret}, host, port, pool=PoolConfig(workers=workers))
    server.run(config, lambda url: typer.echo(f"serving on {url}", err=True))
