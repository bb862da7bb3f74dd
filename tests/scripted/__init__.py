"""Servers that play a conversation written down as text, well-behaved or not."""

from tests.scripted.script import Script, ScriptError, parse_script, read_script
from tests.scripted.server import Connection, Deviation, ScriptedServer

__all__ = [
    "Connection",
    "Deviation",
    "Script",
    "ScriptError",
    "ScriptedServer",
    "parse_script",
    "read_script",
]
