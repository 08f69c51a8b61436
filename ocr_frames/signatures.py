"""Signatures that a person can read where keyword arguments come as one `**options`."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_MODULES = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Z])")
_SHOWN = 4
"""Words of a long Literal that are shown."""


class _Annotation:
    """An annotation that is shown short."""

    def __init__(self, annotation: object) -> None:
        text = _MODULES.sub("", inspect.formatannotation(annotation))
        self._text = re.sub(r"Literal\[(.*?)\]", _shortened, text)

    def __repr__(self) -> str:
        return self._text


def _shortened(literal: re.Match[str]) -> str:
    words = literal[1].split(", ")
    return literal[0] if len(words) <= _SHOWN else f"Literal[{', '.join(words[:_SHOWN])}, …]"


def spelled_out(
    defaults: Mapping[str, Any],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a function with `**options: Unpack[SomeTypedDict]` a signature that names them.

    For `help()`, IPython and its completion, which look no further than the signature; type
    checkers read the annotation. `defaults` by name; None for those that are not in it.
    """

    def spell_out(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        plain = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        (options,) = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
        (described,) = options.annotation.__args__
        named = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(name),
                annotation=_Annotation(annotation),
            )
            for name, annotation in described.__annotations__.items()
        ]
        function.__signature__ = signature.replace(parameters=[*plain, *named])  # type: ignore[attr-defined]
        return function

    return spell_out
