"""problem+json (RFC 9457): what a 4xx or 5xx says, written and read."""

from pydantic import BaseModel, ValidationError


class Problem(BaseModel):
    """`title` says what happened, `detail` what to do, `errors` which field is wrong."""

    title: str | None = None
    status: int | None = None
    detail: str | None = None
    errors: dict[str, list[str]] | None = None


def encode(
    status: int, title: str, detail: str = "", errors: dict[str, list[str]] | None = None
) -> str:
    """Write a problem document."""
    problem = Problem(title=title, status=status, detail=detail or None, errors=errors or None)
    return problem.model_dump_json(exclude_none=True)


def decode(text: bytes | str) -> str:
    """Read a problem document into one sentence; "" where the body is something else."""
    try:
        problem = Problem.model_validate_json(text)
    except ValidationError:
        return ""
    fields = [f"{name}: {' '.join(texts)}" for name, texts in (problem.errors or {}).items()]
    return "; ".join(part for part in (problem.title, problem.detail, *fields) if part)
