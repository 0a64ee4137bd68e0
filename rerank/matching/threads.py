"""Share work out to the cores, and keep the matrix library to one thread of its own meanwhile."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from extract.describe import num_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def shared_out(work: Callable[[Item], Result], items: Iterable[Item], threads: int = 0) -> list[Result]:
    """Give what `work` makes of each of `items`, in their order, done by `threads` threads (0: one a core).

    The matrix library keeps to one thread: its own would fight with these for the same cores, and a
    product that it splits rounds by their number.
    """
    with one_matrix_thread(), ThreadPoolExecutor(threads or num_cores()) as pool:
        return list(pool.map(work, items))


class _Limit:
    """The limit of the whole process: the first block sets it, the last one lifts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._libraries: ThreadpoolController | None = None
        self._num_modules = 0
        self._blocks = 0
        self._set = ExitStack()

    def begin(self) -> None:
        with self._lock:
            if not self._blocks:
                self._set.enter_context(self._found().limit(limits=1, user_api="blas"))
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._set.close()

    def _found(self) -> ThreadpoolController:
        """Look for the libraries of this process again only where an import may have brought one.

        Looking takes longer than some queries do, and SciPy and scikit-learn bring libraries of their own.
        """
        if not self._libraries or len(sys.modules) != self._num_modules:
            self._libraries, self._num_modules = ThreadpoolController(), len(sys.modules)
        return self._libraries


_LIMIT = _Limit()


@contextmanager
def one_matrix_thread() -> Iterator[None]:
    """Let matrix products use one thread inside the `with` block; on a busy machine they are faster so.

    Blocks of several threads may overlap: the limit holds until the last of them ends.
    """
    _LIMIT.begin()
    try:
        yield
    finally:
        _LIMIT.end()
