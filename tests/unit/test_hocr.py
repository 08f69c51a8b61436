"""hOCR as vendors write it, and as nobody should."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames import hocr
from ocr_frames.hocr import Document, Word

# As Tesseract writes it, shortened.
TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title></title>
  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
  <meta name='ocr-capabilities' content='ocr_page ocr_carea ocr_par ocr_line ocrx_word'/>
 </head>
 <body>
  <div class='ocr_page' id='page_1' title='image "a b.png"; bbox 0 0 640 480; ppageno 0'>
   <div class='ocr_carea' id='block_1_1' title="bbox 36 92 618 361">
    <p class='ocr_par' id='par_1_1' lang='eng' title="bbox 36 92 618 361">
     <span class='ocr_line' id='line_1_1' title="bbox 36 92 580 122; baseline 0 -6; x_size 30">
      <span class='ocrx_word' id='word_1_1' title='bbox 36 92 96 116; x_wconf 96'>This</span>
      <span class='ocrx_word' id='word_1_2' title='bbox 109 92 129 116; x_wconf 7'>&lt;is&gt;</span>
     </span>
    </p>
   </div>
  </div>
  <div class='ocr_page' id='page_2' title='bbox 0 0 640 480; ppageno 1'>
     <span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 50'><strong><em>two</em></strong></span>
  </div>
 </body>
</html>
"""


def words(text: str) -> list[Word]:
    return hocr.read(text).words


def test_a_document_of_two_pages():
    assert hocr.read(TESSERACT) == Document(
        [
            Word("This", 0.96, (36, 92, 96, 116), 1),
            Word("<is>", 0.07, (109, 92, 129, 116), 1),
            Word("two", 0.5, (1, 2, 3, 4), 2),
        ],
        pages=2,
    )


@pytest.mark.parametrize(
    ("title", "confidence", "box"),
    [
        ("bbox 1 2 3 4; x_wconf 90", 0.9, (1, 2, 3, 4)),
        ("x_wconf 90.5;bbox 1.4 2.6 3 4", 0.905, (1, 3, 3, 4)),
        ("BBOX 1 2 3 4; X_WCONF 100", 1.0, (1, 2, 3, 4)),
        ("bbox -1 -2 3 4", None, (-1, -2, 3, 4)),
        ("x_wconf 0.93", 0.93, None),
        ("x_wconf 1", 0.01, None),
        ("x_wconf 250; bbox 1 2 3", 1.0, None),
        ("x_wconf -5", 0.0, None),
        ("bbox 1417 x_wconf 96", 0.96, None),
        ("x_bboxes 1 2 3 4 5 6 7 8; xx_wconf 5", None, None),
        ("bbox 99999999999 2 3 4; x_wconf 99999999999999", None, None),
        ("bbox a b c d; x_wconf high", None, None),
        ("", None, None),
    ],
)
def test_what_a_title_tells(title: str, confidence: float | None, box: object):
    (word,) = words(f"<span class='ocrx_word' title='{title}'>a</span>")
    assert word.confidence == pytest.approx(confidence)
    assert word.box == box


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<SPAN CLASS="x ocrx_word y" TITLE="bbox 1 2 3 4">A</SPAN>', ["A"]),
        ("<span class=ocrx_word>a<br/>b</span> c", ["ab"]),
        ("<span class=ocrx_word>a <span class=ocrx_cinfo>b</span>c</span>d", ["a bc"]),
        ("<span class=ocrx_word>a<span class=ocrx_word>b</span>", ["a", "b"]),
        ("<span class=ocrx_word>a<p class=ocr_line>x<span class=ocrx_word>b", ["a", "b"]),
        ("<span class=ocrx_word>&nbsp;\n</span><span class=ocrx_word></span>", []),
        ("<span class=ocrx_word>Stra&szlig;e&#33;&#x21;</span>", ["Straße!!"]),
        ("<span class=ocrx_word>&#xD800;&#0;</span>", ["\ufffd\ufffd"]),
        ("<span class=ocrx_word>a<!-- no -->b</span>", ["ab"]),
        ("<b>no words at all</b>", []),
        ("<span class>a</span><span title>b</span>", []),
        ("", []),
        ("not hocr < at all & so on", []),
        ("<span class=ocrx_word>a</span><![broken<span class=ocrx_word>b</span>", ["a"]),
    ],
)
def test_words_in_all_kinds_of_markup(text: str, expected: list[str]):
    assert [word.text for word in words(text)] == expected


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20)


@given(
    st.lists(
        st.lists(
            st.tuples(WORDS, st.integers(0, 100), st.tuples(*[st.integers(0, 10**6)] * 4)),
            max_size=5,
        ),
        max_size=4,
    ),
    st.sampled_from(["'", '"']),
)
def test_what_is_written_is_read(pages, quote: str):
    text = "".join(
        f"<div class={quote}ocr_page{quote}>"
        + "".join(
            f"<span class={quote}ocrx_word{quote} title={quote}bbox {x0} {y0} {x1} {y1}; "
            f"x_wconf {confidence}{quote}>{html.escape(word)}</span> "
            for word, confidence, (x0, y0, x1, y1) in page
        )
        + "</div>"
        for page in pages
    )
    found = hocr.read(f"<html><body>{text}</body></html>")
    assert found.pages == len(pages)
    assert found.words == [
        Word(word, confidence / 100, box, number)
        for number, page in enumerate(pages, start=1)
        for word, confidence, box in page
    ]


PIECES = st.sampled_from(
    ["<span class='ocrx_word' title='bbox 1 2 3 4; x_wconf 5'>", "</span>", "<div class=ocr_page>",
     "<!--", "-->", "<![CDATA[", "<!", "<?", "</", "<", ">", "&", "&amp", "&#", "a", "'", '"', "=",
     "<script>", "</script>", "<!DOCTYPE [", "]", "/>", "\0", " "]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_nothing_is_raised_and_every_word_has_a_text(text: str):
    found = hocr.read(text)
    assert all(word.text.strip() and word.page >= 1 for word in found.words)


HOSTILE = [
    "<!--", "<", "<a", "<a ", "<!", "<![CDATA[", "<![if", "<?", "</", "</a ", "&", "&#x41;",
    "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "<a b='", "<a b='>", "<a/", "<script></script",
    "<title>", "<!DOCTYPE [<!ENTITY a 'b'>]", "<!-- -- ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_document_takes_no_time_by_the_square(piece: str):
    """With the square of its length it would take hours."""
    word = "<span class=ocrx_word title='x_wconf 50'>a</span>"
    found = hocr.read(word + piece * (500_000 // len(piece)))
    assert found.words[0] == Word("a", 0.5, None, 1)


@pytest.mark.parametrize(
    ("begin", "piece", "end"),
    [
        ("<span class=ocrx_word>", "<b>", "deep"),
        ("<span class=ocrx_word title='", "bbox 1 ", "'>a</span>"),
        ("<span class=ocrx_word title='x_wconf ", "1", "'>a</span>"),
        ("<span ", "a='b' ", "class=ocrx_word>a</span>"),
        ("<span class='", "ocr ", "ocrx_word'>a</span>"),
    ],
)
def test_a_hostile_word_is_a_word(begin: str, piece: str, end: str):
    assert len(words(begin + piece * (500_000 // len(piece)) + end)) == 1
