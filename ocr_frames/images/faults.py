"""What can be wrong with an image that is looked into."""

import struct
import sys

from ocr_frames.model import Failure

_FAULTS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
    Warning,
)


def decoder_faults() -> tuple[type[Exception], ...]:
    """What Pillow's decoders are seen to raise on broken files; warnings where they are errors."""
    bomb = getattr(sys.modules.get("PIL.Image"), "DecompressionBombError", None)
    return _FAULTS if bomb is None else (*_FAULTS, bomb)


CHANGED = Failure("image-changed", "the image changed during the run; run again")


def damaged(what: str, advice: str = "make it anew") -> Failure:
    """An image that cannot be decoded here."""
    return Failure("damaged-image", f"{what} cannot be decoded; {advice}")
