"""What a person sees who asks for help: in IPython, in an editor, in `help()`."""

import inspect
from typing import Literal, TypedDict, Unpack

import pandas as pd
import pytest
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import ocr_frames  # noqa: F401 - registers df.ocr
from ocr_frames.accessor import FrameAccessor, SeriesAccessor
from ocr_frames.request import Options
from ocr_frames.settings import Endpoint
from ocr_frames.signatures import spelled_out


class Some(TypedDict, total=False):
    few: Literal["a", "b"]
    many: Literal["a", "b", "c", "d", "e"]
    where: Endpoint | None


@spelled_out({"few": "a"})
def documented(column: str, n: int = 3, **options: Unpack[Some]) -> dict[str, object]:
    """Do nothing."""
    return {"column": column, "n": n, **options}


def test_options_are_named_with_types_and_defaults():
    assert str(inspect.signature(documented)) == (
        "(column: str, n: int = 3, *, few: Literal['a', 'b'] = 'a', "
        "many: Literal['a', 'b', 'c', 'd', …] = None, "
        "where: Endpoint | None = None) -> dict[str, object]"
    )
    assert documented("c", many="e") == {"column": "c", "n": 3, "many": "e"}


@pytest.mark.parametrize("accessor", [FrameAccessor, SeriesAccessor])
def test_every_method_with_options_names_them(accessor: type):
    methods = dict(inspect.getmembers(accessor, inspect.isfunction))
    named = {"recognize", "recognize_async"}
    named |= {"submit", "collect", "plan"} if accessor is FrameAccessor else set()
    for name in named:
        parameters = inspect.signature(methods[name]).parameters
        assert set(Options.__annotations__) <= set(parameters), name
        assert parameters["language"].default == "English"


@pytest.mark.parametrize("use_jedi", [True, False])
def test_ipython_completes_the_names_of_options(use_jedi: bool):
    names = {"df": pd.DataFrame({"path": ["a.png"]})}
    completer = IPCompleter(shell=InteractiveShell(), namespace=names, use_jedi=use_jedi)
    line = "df.ocr.recognize('path', max_"
    with provisionalcompleter():
        found = {completion.text for completion in completer.completions(line, len(line))}
    assert {"max_calls=", "max_outstanding="} <= found


def test_the_accessor_says_what_it_offers():
    df = pd.DataFrame({"path": ["a.png", "b.png"]})
    told = InteractiveShell().inspector.info(df.ocr)
    assert told["string_form"].startswith(
        "<df.ocr of 2 rows: recognize, submit, collect, plan, preview, report, compare"
    )
    assert "`preview`: a gallery" in told["docstring"]
    assert repr(df["path"].ocr) == "<series.ocr of 2 rows: recognize; help(...) tells of each>"
