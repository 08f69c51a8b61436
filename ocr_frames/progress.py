"""What a person sees while a run goes on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

from ocr_frames.model import Outcome, Status

OnOutcome = Callable[[Outcome], None]


@contextmanager
def bar(total: int | None, *, show: bool) -> Iterator[OnOutcome]:
    """Give a callback that moves a bar of `total` rows (None: not known) by one per outcome.

    The bar counts failed rows; it goes to stderr, or into the notebook cell.
    """
    if not show:
        yield lambda outcome: None
        return
    failed = 0
    with tqdm(total=total, desc="ocr", unit="img", file=sys.stderr, mininterval=0.2) as drawn:

        def moved(outcome: Outcome) -> None:
            nonlocal failed
            if outcome.status not in (Status.COMPLETED, Status.SKIPPED):
                failed += 1
                drawn.set_postfix(failed=failed, refresh=False)
            drawn.update()

        yield moved
