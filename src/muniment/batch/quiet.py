"""PySpark without its warning of what is not used here."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_pandas() -> Iterator[None]:
    """Pass over what PySpark says of its conversions by pandas: everything here goes by Arrow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
