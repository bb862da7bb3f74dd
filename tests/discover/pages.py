"""What the web servers of a mail domain say, as texts."""

from __future__ import annotations

SERVER = """
<outgoingServer type="{kind}">
  <hostname>{host}</hostname><port>{port}</port><socketType>{mode}</socketType>
  <username>{user}</username><authentication>{login}</authentication>
</outgoingServer>"""


def server(
    host: str = "smtp.%EMAILDOMAIN%",
    port: object = 465,
    mode: str = "SSL",
    user: str = "%EMAILADDRESS%",
    *,
    login: str = "password-cleartext",
    kind: str = "smtp",
) -> str:
    """One `outgoingServer`."""
    return SERVER.format(host=host, port=port, mode=mode, user=user, login=login, kind=kind)


def autoconfig(*servers: str) -> bytes:
    """A document of Mozilla's autoconfig."""
    inner = (
        '<incomingServer type="imap"><hostname>imap.lab.test</hostname></incomingServer>'
        + "".join(servers)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1">'
        f'<emailProvider id="lab.test"><domain>lab.test</domain>{inner}</emailProvider>'
        "</clientConfig>"
    ).encode()


def protocol(
    host: str = "smtp.lab.test", port: object = 465, more: str = "<SSL>on</SSL>", kind: str = "SMTP"
) -> str:
    """One `Protocol` of autodiscover."""
    return (
        f"<Protocol><Type>{kind}</Type><Server>{host}</Server><Port>{port}</Port>{more}</Protocol>"
    )


def autodiscover(*protocols: str, account: str = "<Action>settings</Action>") -> bytes:
    """A document of Microsoft's autodiscover, plain old XML."""
    space = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<?xml version="1.0"?><Autodiscover xmlns="{space}/responseschema/2006">'
        f'<Response xmlns="{space}/outlook/responseschema/2006a"><Account>{account}'
        f"{''.join(protocols)}</Account></Response></Autodiscover>"
    ).encode()
