"""The troubleshooting entries of five manuals: what is printed, what it means, what mends it."""

from __future__ import annotations

from smtpcheck.model.value import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, with other ways in which the same thing is printed."""

    text: str
    cause: str
    fix: tuple[str, ...]
    """Words that the steps of the fix, or the reason, must hold; in any case of letters."""
    also: tuple[str, ...] = ()


ENTRIES = {
    "no-such-host": Entry(
        "No such host is known",
        "dns-name-not-found",
        ("letter by letter", "resolver"),
        (
            "System.Net.Sockets.SocketException (11001): No such host is known. (mx.example.com)",
            "java.net.UnknownHostException: No such host is known (mailhost)",
            "Der angegebene Host ist unbekannt",
            "System.Net.Sockets.SocketException (0x80004005): Der angegebene Host ist unbekannt.",
            "Es ist kein solcher Host bekannt",
            "Hôte inconnu.",
            "Cet hôte est inconnu",
        ),
    ),
    "no-answer": Entry(
        "A connection attempt failed because the connected party did not properly respond after "
        "a period of time",
        "tcp-timeout-blocked",
        ("another port", "outgoing", "firewall"),
        (
            (
                "A connection attempt failed because the connected party did not properly respond "
                "after a period of time, or established connection failed because connected host "
                "has failed to respond 192.0.2.1:587"
            ),
            (
                "Ein Verbindungsversuch ist fehlgeschlagen, da die Gegenstelle nach einer "
                "bestimmten Zeitspanne nicht richtig reagiert hat, oder die hergestellte "
                "Verbindung war fehlerhaft, da der verbundene Host nicht reagiert hat"
            ),
            (
                "Une tentative de connexion a échoué car le parti connecté n'a pas répondu "
                "convenablement au-delà d'une certaine durée"
            ),
            (
                "Une tentative de connexion a échoué car le parti connecté n’a pas répondu "
                "convenablement au-delà d’une certaine durée"
            ),
        ),
    ),
    "refused": Entry(
        "No connection could be made because the target machine actively refused it",
        "tcp-refused",
        ("server.port", "587", "server.host"),
        (
            (
                "No connection could be made because the target machine actively refused it "
                "192.0.2.1:25"
            ),
            (
                "Es konnte keine Verbindung hergestellt werden, da der Zielcomputer die Verbindung "
                "verweigerte"
            ),
            "Aucune connexion n'a pu être établie car l'ordinateur cible l'a expressément refusée",
        ),
    ),
    "bdat": Entry(
        "BDAT command has been rejected by the server",
        "sender-not-authorized",
        ("no permission on that server", "sender.address"),
    ),
    "spam": Entry(
        "Mails are marked as spam",
        "dmarc-unauthenticated",
        ("SPF", "DKIM", "internal mail", "allow list"),
        (
            "mail is marked as spam",
            "our messages go to junk",
            "emails land in the spam folder",
            "Unsere E-Mails werden als Spam markiert",
        ),
    ),
    "non-verified": Entry(
        "A user attempted to send an email from a non-verified domain",
        "sender-unverified",
        ("verify", "domain"),
        ("A user attempted to send an e-mail from a non verified domain.",),
    ),
    "send-as": Entry(
        "550 5.7.1 Client does not have permissions to send as this sender",
        "sender-not-authorized",
        ("sender.address", "Send As"),
        (
            (
                "Mailbox unavailable. The server response was: 5.7.1 Client does not have "
                "permissions to send as this sender"
            ),
        ),
    ),
    "from-header": Entry(
        "Mandatory From Header is missing or invalid (5.7.1)",
        "headers-invalid",
        ("one From with one address",),
        ("550 5.7.1 Mandatory From Header is missing or invalid",),
    ),
    "unable": Entry(
        "Unable to connect to server",
        "tcp-timeout-blocked",
        ("--until tls", "firewall", "587"),
        ("Unable to connect to the server.", "Unable to connect to mail server"),
    ),
    "login": Entry(
        "Authentication failed",
        "auth-bad-credentials",
        ("password", "user name"),
    ),
    "no-method": Entry(
        "No authentication method enabled from those supported by the server",
        "auth-mechanism-unsupported",
        ("without a login (anonymous)",),
    ),
    "96260": Entry(
        "Error 96260",
        "dns-host-value-malformed",
        ("full DNS name", "instead of"),
        ("Error code: 96260", "Fehler 96260", "error 96260: cannot connect", "(96260)"),
    ),
    "gmail": Entry(
        "User authentication failed: Unaccepted server reply for command AUTH PLAIN (Gmail)",
        "auth-app-password-required",
        ("app password", "less secure apps no longer exists"),
        (
            "Unaccepted server reply for command AUTH PLAIN, server smtp.gmail.com:587",
            "User authentication failed: Unaccepted server reply for command AUTH LOGIN (gmail)",
        ),
    ),
}
