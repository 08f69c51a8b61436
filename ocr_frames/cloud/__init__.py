"""The client side of the recognition protocol: one method, one HTTP exchange."""

from ocr_frames.cloud.client import CloudClient

__all__ = ["CloudClient"]
