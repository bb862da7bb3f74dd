"""Values of our own as octets, for a file that this process alone writes and reads: pickle runs
what it reads, so it may read nothing else."""

from __future__ import annotations

import pickle
import zlib
from io import BytesIO
from typing import Any

from smtpcheck.model.preset import Preset
from smtpcheck.store.presets import load_preset


def packed(value: object) -> bytes | None:
    """The value as octets, or None where something in it may not be written down: a Secret refuses
    to be pickled."""
    octets = BytesIO()
    try:
        _Pickler(octets, protocol=5).dump(value)
    except TypeError:
        return None
    return zlib.compress(octets.getbuffer(), 1)


def unpacked(record: bytes) -> Any:
    """The value again."""
    return _Unpickler(BytesIO(zlib.decompress(record))).load()


class _Pickler(pickle.Pickler):
    """Names what all values share instead of writing it down with each."""

    def persistent_id(self, obj: Any) -> str | None:
        """The name of a shipped preset."""
        return obj.name if isinstance(obj, Preset) and load_preset(obj.name) is obj else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, pid: str) -> Preset:
        return load_preset(pid)
