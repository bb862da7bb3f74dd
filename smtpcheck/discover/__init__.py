"""The network side of `smtpcheck discover`: where a mail domain says its submission servers are."""

from __future__ import annotations
