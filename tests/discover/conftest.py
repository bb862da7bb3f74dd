"""The small internet of the discovery tests, as fixtures."""

from __future__ import annotations

from tests.discover.world import authority, build

__all__ = ["authority", "build"]
