"""What stands in a file where a secret belongs and is none."""

from __future__ import annotations

import re

PLACEHOLDER = "CHANGE_ME"
"""What an export writes where the secret belongs."""

_PLACEHOLDERS = re.compile(
    r"""(?ix)
    change[-_ ]?(?:me|this|it)
    | <[^<>]*> | \{\{[^{}]*\}\} | %[a-z_]+% | \[[^\[\]]*\]
    | your[-_ a-z]{0,40}(?:password|passwd|pass|secret|token|key|here)(?:[-_ ]?here)?
    | (?:my|the|insert|enter|put|add|type)[-_ ][-_ a-z]{0,40}
      (?:password|passwd|pass|secret|token|key|here)(?:[-_ ]?here)?
    | (?:password|secret|token)[-_ ](?:here|goes[-_ ]here)
    | (?:SG\.|re_|xsmtpsib-|key-)?x{3,}\.* | \*{3,} | \.{3,} | -{3,} | •{3,}
    | \#\{[^{}]*\}\#? | __[a-z_]+__ | \$\([^()]*\) | ENC\[.*\]
    | null | none | nil | undefined | todo | placeholder | redacted | replace[-_ ]?(?:me|this)
    """
)


def is_placeholder(text: str) -> bool:
    """Whether nobody's password looks like this: `CHANGE_ME`, `<password>`, `********`."""
    return not text.strip() or _PLACEHOLDERS.fullmatch(text.strip()) is not None
