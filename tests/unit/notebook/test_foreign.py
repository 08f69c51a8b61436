"""Recognized text is shown, and does nothing else."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_frames.notebook import foreign
from tests.unit.notebook.frames import HOSTILE

OURS = {("br", ""), ("span", "mark"), ("span", "cut"), ("bdi", "")}


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs).get("class", "")))
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_becomes_no_markup(text: str):
    seen = Seen(foreign.isolated(text))
    assert set(seen.tags) <= OURS
    assert "\x1b" not in seen.text
    assert not set("\u202e\u2066\u2067\u2069\u202c\u200b") & set(seen.text)
    foreign.isolated(text).encode("utf-8")


def test_half_a_pair_can_be_written():
    assert Seen(foreign.escaped("half \ud800 a pair")).text == "half U+D800 a pair"
    assert foreign.line("half \ud800 a pair") == "half a pair"


def test_accents_do_not_pile_up():
    assert Seen(foreign.escaped("Z" + "\u0301" * 500 + "a")).text == "Z" + "\u0301" * 4 + "a"
    assert foreign.line("Z" + "\u0301" * 90 + "a") == "Z" + "\u0301" * 4 + "a"
    vietnamese = "e\u0302\u0301"
    assert Seen(foreign.escaped(vietnamese)).text == vietnamese


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cf", "Cs", "Mn", "Me", "Zl", "Zp"]), max_size=200
    )
)
def test_what_can_be_seen_is_shown_as_it_is(text: str):
    seen = Seen(foreign.isolated(text))
    assert seen.text == text
    assert set(seen.tags) <= OURS


@given(st.text(max_size=300))
def test_any_text_is_safe_in_html_and_in_a_terminal(text: str):
    escaped = foreign.escaped(text)
    assert set(Seen(escaped).tags) <= OURS
    assert set(Seen(f'<img alt="{foreign.escaped(foreign.line(text))}">').tags) == {("img", "")}
    assert foreign.line(text).isprintable()
    escaped.encode("utf-8")


def test_what_cannot_be_seen_is_named():
    assert Seen(foreign.escaped("a\x1bb\u202ec\x7f")).text == "a\u241bbU+202Ec\u2421"
    assert Seen(foreign.escaped("one\ntwo\fthree")).text == "one\ntwo\u240c\nthree"


def test_joiners_that_belong_to_the_spelling_stay():
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0645"
    assert Seen(foreign.escaped(persian)).text == persian


def test_long_texts_are_cut_and_say_so():
    cut = Seen(foreign.escaped("x" * 10_000_000, 50)).text
    assert cut == "x" * 50 + "… 9,999,950 more characters"
    assert foreign.line("x" * 10_000_000, 50) == "x" * 49 + "…"
    assert foreign.line(" " * 10_000_000 + "x", 50).endswith("…")
    assert foreign.line("a\n b\tc") == "a b c"


def test_one_row_is_one_row():
    told = [foreign.counted(number, sort) for number, sort in ((0, ""), (1, ""), (2000, "failed"))]
    assert told == ["0 rows", "1 row", "2,000 failed rows"]
