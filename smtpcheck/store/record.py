"""Values of our own as octets, for a file that this process alone writes and reads: pickle runs
what it reads, so it may read nothing else."""

from __future__ import annotations

import copyreg
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
    pickler = pickle.Pickler(octets, protocol=5)
    pickler.dispatch_table = _WAYS
    try:
        pickler.dump(value)
    except TypeError:
        return None
    return _compressed(octets.getbuffer())


def unpacked(record: bytes) -> Any:
    """The value again."""
    return pickle.loads(zlib.decompress(record))  # noqa: S301 - see above


def _compressed(octets: memoryview) -> bytes:
    """Within 32 kB of memory, where the usual 256 kB are asked of the system anew for each record:
    that took half of the time."""
    packer = zlib.compressobj(level=1, wbits=13, memLevel=6)
    return packer.compress(octets) + packer.flush()


def _by_name(preset: Preset) -> Any:
    """A shipped preset by its name: all values share it."""
    shipped = load_preset(preset.name) is preset
    return (load_preset, (preset.name,)) if shipped else preset.__reduce_ex__(5)


# Not `persistent_id`, which is asked about every single object.
_WAYS: dict[type, Any] = {**copyreg.dispatch_table, Preset: _by_name}
