"""`python -m ocr_frames` is the command `ocr-frames`."""

from ocr_frames.cli import main

main()
