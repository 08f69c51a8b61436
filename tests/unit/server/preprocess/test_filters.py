import numpy as np
import pytest

from ocr_frames.server.preprocess import MAX_PIXELS, View, cropped, filtered, rotated
from ocr_frames.server.preprocess.filters import turned
from ocr_frames.settings import RecognitionSettings, Region
from tests.unit.server.drawing import leaning, page, white

OFF = RecognitionSettings(make_contrast_correction=False, make_skew_correct=False)
TEXT = "text that goes on and on"


def on(name):
    return OFF.model_copy(update={name: True})


def pixels_of(image, settings):
    return filtered(View(np.asarray(image)), settings).pixels


def darkest(pixels):
    """Where the darkest pixel is, as (x, y)."""
    y, x = np.unravel_index(pixels.sum(axis=2).argmin(), pixels.shape[:2])
    return float(x), float(y)


def dotted(x, y, size=(200, 120)):
    image = white(*size)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            image.putpixel((x + dx, y + dy), (0, 0, 0))
    return np.asarray(image)


def test_a_quarter_turn_is_exact():
    pixels = np.asarray(page("text"))

    assert rotated(pixels, 90).pixels.shape == (640, 240, 3)
    assert (rotated(rotated(pixels, 90).pixels, 270).pixels == pixels).all()
    assert rotated(pixels, 360).pixels is pixels


def test_any_other_turn_keeps_everything_on_white():
    view = rotated(np.zeros((100, 100, 3), np.uint8), 45)

    assert view.pixels.shape[0] > 140
    assert view.pixels[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("degrees", [90, 180, 270, 30, -77])
def test_a_turned_pixel_is_traced_to_where_it_was(degrees):
    view = rotated(dotted(150, 30), degrees)

    assert view.to_sent.point(darkest(view.pixels)) == pytest.approx((150, 30), abs=2)


def test_a_pixel_is_traced_through_crop_turn_and_enlargement():
    view = cropped(View(dotted(150, 30)), Region(x0=100, y0=10, x1=190, y1=100))

    ready = filtered(view, on("make_upsampling"), degrees=7)

    assert ready.to_sent.point(darkest(ready.pixels)) == pytest.approx((150, 30), abs=2)


def test_contrast_acts_on_faint_pages_only():
    settings = on("make_contrast_correction")
    good = np.asarray(page("text" * 5))
    faint = (240 + good // 64).astype(np.uint8)
    blank = np.full((50, 50, 3), 240, np.uint8)

    assert pixels_of(good, settings) is good
    assert pixels_of(blank, settings) is blank
    assert np.ptp(pixels_of(faint, settings)) == 255
    assert pixels_of(faint, OFF) is faint


def test_binarization_leaves_black_and_white():
    assert set(np.unique(pixels_of(page("text"), on("make_binarization")))) == {0, 255}


def test_upsampling_doubles():
    assert pixels_of(page("text"), on("make_upsampling")).shape == (480, 1280, 3)


def test_what_is_too_large_to_be_enlarged_says_so():
    warnings = []
    large = np.full((MAX_PIXELS // 4000 + 1, 1000, 3), 255, np.uint8)

    ready = filtered(View(large), on("make_upsampling"), warn=warnings.append)

    assert ready.pixels is large
    assert "makeUpsampling" in warnings[0]


def test_deskewing_levels_and_keeps_the_paper():
    grey = np.asarray(leaning(page(TEXT, TEXT, TEXT, font_size=30), 8)) // 2

    level = pixels_of(grey, on("make_skew_correct"))
    there, _ = turned(grey, -8)

    assert level.shape == there.shape
    assert level[0, 0].tolist() == [127, 127, 127]


def test_what_hardly_leans_is_not_touched():
    pixels = np.asarray(leaning(page(TEXT, TEXT, TEXT, font_size=30), 1))

    assert pixels_of(pixels, on("make_skew_correct")) is pixels


def test_filters_run_in_the_protocols_order():
    """Binarized after the contrast was raised, deskewed after both: turning makes greys again."""
    faint = np.asarray(leaning(page(TEXT, TEXT, TEXT, font_size=30), 8)) // 32 + 220
    every = RecognitionSettings(make_binarization=True)

    levels = np.unique(pixels_of(faint.astype(np.uint8), every))

    assert (levels[0], levels[-1]) == (0, 255)
    assert len(levels) > 2
