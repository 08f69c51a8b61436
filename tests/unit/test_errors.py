"""What is raised, also in another process than the one that is told."""

import pickle
from collections.abc import Iterator

import pytest

from ocr_frames import errors
from ocr_frames.errors import MissingExtraError, OcrFramesError


def kinds(kind: type[OcrFramesError] = OcrFramesError) -> Iterator[type[OcrFramesError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_errors_survive_the_way_between_processes(kind: type[OcrFramesError]):
    error = kind("Dask", "dask") if kind is MissingExtraError else kind("what happened")
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is kind
    assert str(arrived) == str(error)


def test_the_tree_is_written_out_in_full():
    assert errors.__doc__ is not None
    assert [kind for kind in kinds() if kind.__name__ not in errors.__doc__] == []
