import pytest

from ocr_frames.server.documents import OFFERED, results_of
from tests.unit.server.documents.pages import BLANK, INVOICE, sheet


def never():
    raise AssertionError("only a PDF shows the pictures")


def test_text_of_rows_and_pages():
    (result,) = results_of([INVOICE, BLANK, INVOICE], "Text", never)

    assert result.type == "Text"
    assert result.data.decode() == "Invoice 4711 2026\na bc\f\fInvoice 4711 2026\na bc"


@pytest.mark.parametrize("result_type", OFFERED)
def test_one_entry_per_type_in_order(result_type):
    results = results_of([INVOICE], result_type, lambda: [sheet()])

    assert "And".join(result.type for result in results) == result_type
    assert all(result.data for result in results)


@pytest.mark.parametrize("result_type", OFFERED)
def test_the_same_pages_make_the_same_bytes(result_type):
    assert results_of([INVOICE], result_type, lambda: [sheet()]) == results_of(
        [INVOICE], result_type, lambda: [sheet()]
    )
