"""Every preset that is shipped, whole."""

from __future__ import annotations

from smtpcheck.model.preset import Preset
from smtpcheck.store.presets import load_preset, preset_names


def list_presets() -> tuple[Preset, ...]:
    """All presets, in the order in which they are shown."""
    return tuple(load_preset(name) for name in preset_names())
