"""Which commands there are: module and help of each, all that `--help` needs.

Nothing is imported here, so that the front page and completion answer at once.
"""

from __future__ import annotations

SUMMARY = "Configure and diagnose outgoing mail: profiles, a probe, causes and fixes."
VERSION_HELP = "Show the version and exit."

COMMANDS: dict[str, tuple[str, str]] = {
    "probe": ("probe", "Test a server stage by stage: dns, tcp, tls, auth, send."),
    "send-test": ("send_test", "Send one real message and show the answer to each command."),
    "explain": ("explain", "Find cause and fix for a pasted error, a log, a bounce."),
    "discover": ("discover", "Find and prove the server of a mail address."),
    "profile": ("profile", "Make, show, change and check profiles."),
    "secret": ("secret", "Keep a profile's password in the system keyring."),
    "login": ("login", "Get an OAuth token and keep it in the system keyring."),
    "domain": ("domain", "Check the sender's domain: SPF, DKIM, DMARC, MX, TLS policy."),
    "causes": ("causes", "List the causes that are known, or check rules of your own."),
    "replay": ("replay", "Judge a saved JSON report again, without the network."),
    "serve": ("serve", "Serve the metrics of profiles to Prometheus."),
    "sandbox": ("sandbox", "Run an SMTP server of our own to test against."),
    "schema": ("schema", "Print the JSON Schemas of profiles, reports and other output."),
    "completion": ("completion", "Print the completion script of a shell."),
}
"""By the command's name: its module in this package, and one line of help."""
