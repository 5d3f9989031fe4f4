"""Checks that are expected to fail: by name, with a reason, and never for long."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def expected(reasons: dict[str, str], name: str, check: Callable[[], None]) -> None:
    """Runs a check. One whose name begins with words of the list must fail, by an assertion."""
    words = [key for key in reasons if f"{name} ".startswith(f"{key} ")]
    if not words:
        check()
        return
    try:
        check()
    except AssertionError:
        pytest.xfail(f"not yet: {reasons[max(words, key=len)]}")
    pytest.fail(f"{name} works: take it from NOT_YET")
