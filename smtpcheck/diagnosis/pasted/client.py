"""Which software printed a text, and which kind of conversation it was: SMTP, another protocol."""

from __future__ import annotations

import re
from typing import Final

_CLIENTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("phpmailer", (
            r"(?i)phpmailer|SMTP -> (?:FROM SERVER|ERROR|NOTICE)|SERVER -> CLIENT|"
            r"SMTP INBOUND|SMTP ERROR: |SMTP connect\(\) failed"
        )),
        ("symfony-mailer", (
            r"Symfony\\+Component\\+Mailer|symfony/mailer|"
            r"Connection could not be established with host \"|bytes on the wire|"
            r"Expected response code \"?\d{3}[/\"]"
        )),
        ("swiftmailer", r"(?i)swift_|swiftmailer|Expected response code \d{3} but got code"),
        ("laminas-mail", r"(?i)laminas|zend[\\/_]mail|zendframework"),
        ("wordpress", r"(?i)wp-includes|wp_mail|your host may have disabled the mail\(\)"),
        ("codeigniter", r"(?i)codeigniter"),
        ("php", (
            r"(?i)stream_socket_(?:client|enable_crypto)|fsockopen|fwrite\(\)|PHP Warning|"
            r"\.php\b"
        )),
        ("mailkit", r"MailKit\."),
        ("system-net-mail", (
            r"System\.Net\.Mail|The SMTP server requires a secure connection|SmtpException|"
            r"Transaction failed\. The server response"
        )),
        ("dotnet", r"System\.Net\.|System\.IO\.|HResult=|SocketException \(\d{5}\)|\.cs:line"),
        ("javamail", r"(?:javax|jakarta)\.mail|com\.sun\.mail|angus\.mail|SMTPTransport"),
        ("java", r"java\.(?:net|io|lang)\.|at [\w.$]+\([\w$]+\.java:\d+\)|javax\.net\.ssl"),
        ("nodemailer", (
            r"(?i)nodemailer|smtp-connection|SMTPConnection\.|Greeting never received|EAUTH|"
            r"command['\"]?: ?['\"](?:CONN|API|AUTH \w+|STARTTLS)['\"]|\[cache miss\]"
        )),
        ("node", (
            r"getaddrinfo E|at [\w.<> ]+\((?:/|[A-Z]:\\|node:|net\.js|dns\.js|"
            r"tls\.js).*:\d+:\d+\)|errno: ?'?-?\w+|connect E[A-Z]+|Error \[ERR_"
        )),
        ("python-smtplib", (
            r"smtplib|SMTPServerDisconnected|SMTPAuthenticationError|SMTPDataError|"
            r"SMTPRecipientsRefused|SMTPNotSupportedError|aiosmtplib"
        )),
        ("python", (
            r"Traceback \(most recent|gaierror|_ssl\.c:\d+|\[Errno -?\d+\]|\[WinError \d+\]|"
            r"ssl\.SSLError|UnicodeEncodeError"
        )),
        ("go", (
            r"dial tcp|x509: |tls: |gomail|smtp\.plainAuth|net/smtp|\[recovered\]|"
            r"goroutine \d+"
        )),
        ("ruby", (
            r"Net::(?:SMTP|OpenTimeout|ReadTimeout)|Errno::E|OpenSSL::SSL::SSLError|"
            r"\.rb:\d+|execution expired"
        )),
        ("rust", (
            r"lettre|Transient\(Response|Permanent\(Response|rustls|InvalidCertificate\(|"
            r"thread 'main' panicked"
        )),
        ("perl", r"Net::SMTP|MIME::Lite|at \S+\.p[lm] line \d+|sendEmail"),
        ("msmtp", r"\bmsmtp\b|msmtprc"),
        ("ssmtp", r"\bssmtp\b"),
        ("swaks", (
            r"===? (?:Trying|Connected to) \S+:\d+\.\.\.|<\*\* |<~\*|"
            r"\*\*\* (?:TLS startup failed|Remote host closed|Error connecting to|Host did not)|"
            r"swaks"
        )),
        ("curl", r"(?i)\bcurl\b|curl_fetch"),
        ("postfix", r"postfix/|postfix[-_]|status=(?:deferred|bounced)|X-Postfix|NOQUEUE: "),
        ("exim", r"R=\w+ |T=\w+ |LOG: MAIN|\bexim\b|Exim \d|\bH=\S+ \["),
        ("opensmtpd", r"smtpd\[\d+\]: smtp-out|smtp-out: |mta: 0x|queue-fs"),
        ("sendmail", (
            r"sendmail\[\d+\]|stat=Deferred|stat=User unknown|sendmail: |"
            r"dsn=\d\.\d\.\d, stat="
        )),
        ("openssl", r"CONNECTED\(0000|verify error:num=|s_client|depth=\d "),
        ("indy", r"EIdSMTP|EIdSocket|Indy"),
        ("horde", r"Horde_Smtp|Horde\\Smtp"),
        ("outlook", r"0x800CCC|0x8004\w{4}"),
        ("exchange", r"Remote Server returned|RESOLVER\.|Generating server:"),
        ("qmail", r"qmail|giving_up_on|Giving up on"),
    )
)  # fmt: skip
MAIL_CLIENTS: Final = frozenset(
    (
        *("phpmailer", "symfony-mailer", "swiftmailer", "laminas-mail", "mailkit", "javamail"),
        *("system-net-mail", "nodemailer", "python-smtplib", "msmtp", "ssmtp", "swaks", "postfix"),
        *("exim", "opensmtpd", "sendmail", "horde"),
    )
)
"""Clients that do nothing but mail: their words need no other that speaks of it."""
_EXCEPTION: Final = re.compile(
    r"\b((?:[A-Za-z_][\w]{0,60}[.:\\]{1,2}){0,8}[A-Z]\w{2,60}(?:Error|Exception|Timeout|"
    r"Disconnected|Refused|Reset))\b"
)
_SMTP: Final = re.compile(
    r"(?i)smtp|e-?mail|\bgo-?mail\b|\blettre\b|MCOErrorDomain|\bCDO\b|swift_?mailer|phpmailer|qmail|"
    r"delivery \d{1,9}: (?:deferral|failure)|"
    r"\bmail(?:er|kit|box|server|gun|jet|chimp)?\b|mail[._-]|sendmail|"
    r"postfix|exim|starttls|\behlo\b|\bhelo\b|rcpt to|mail from|\bMX\b|newsletter|"
    r"\bmta\b|notif|network_failure|net_io_|response code \"?\d"
    r"|:(?:25|465|587|2525)\b|port\D{0,5}(?:25|465|587|2525)\b|邮件|correo|courriel|почт"
)
_STRICT_SMTP: Final = re.compile(
    r"(?i)smtp(?!lib\b.*imap)|sendmail|postfix/|exim\b|starttls|\behlo\b|\bhelo\b|"
    r"rcpt to|mail from|:(?:25|465|587|2525)\b|(?<![\w.])[45]\d\d[ -][45]\.\d\.\d"
)
_IMAP: Final = re.compile(
    r"(?i)\bimap|\bNO \[?(?:AUTHENTICATIONFAILED|ALERT|UNAVAILABLE|LOGIN)|"
    r"\[AUTHENTICATIONFAILED\]|\bNO LOGIN failed|:(?:993|143)\b|port\D{0,5}(?:993|"
    r"143)\b|\* (?:OK|BYE|BAD|PREAUTH)\b|Host[12] failure"
    r"|inbox connection|current operation on '|responseStatus: |retriev\w{1,3} mailbox"
    r"|^(?=\d*[A-Za-z])\w{1,8} (?-i:NO|BAD) |fetch(?:ing)? (?:inbox|mailbox)|"
    r"\bJMAP\b"
)
_POP3: Final = re.compile(
    r"(?i)\bpop3?\b|poplib|-ERR\b|\+OK\b|:(?:995|110)\b|port\D{0,5}(?:995|110)\b|"
    r"net/pop|getmail|\bpop[.-]\w"
)
_API: Final = re.compile(
    r"(?i)\bapi\.[\w.-]+\.\w{2,}|https?://api|/v\d(?:\.\d)?/(?:mail|messages|send|smtp)|"
    r"graph\.microsoft\.com|gmail\.googleapis|\"?status(?:Code)?\"?\s?[:=]\s?\"?(?:40\d|"
    r"429|422|50\d)\b"
    r"|HTTP/\d(?:\.\d)? [345]\d\d|HTTP (?:error|status|code)?:? ?(?:40\d|429|422|"
    r"50\d)\b|\b(?:401 Unauthorized|403 Forbidden|404 Not Found|409 Conflict|422 Unprocessable|"
    r"429 Too Many Requests|500 Internal Server Error|502 Bad Gateway|504 Gateway)\b|axios|"
    r"AxiosError|"
    r"requests\.exceptions|RestClient|Invoke-RestMethod|fetch failed|googleapiclient|"
    r"MailgunApi|SendGridAPI"
    r"|\b(?:Get|Post|GET|POST|PUT) \"?https?://|net/http:"
    r"|\b50(?:2 Bad Gateway|3 Service (?:Temporarily )?Unavailable|4 Gateway Time-?out)"
    r"|urllib3?|httpx|HttpClient|cURL error \d+:? .{0,200}https?:|HttpError\b|hooks\.slack"
    r"|@sendgrid/|mailgun[.-]js|Request failed with status code|requested URL returned error"
    r"|curl: \(\d+\) .{0,200}\bhttps?://(?!curl\.)|page\.goto"
    r"|(?:Socket Error|reset by peer|timed out|refused|\b100(?:5[34]|6[01])\b)[^\n]{0,100}\n?"
    r"[^\n]{0,80}\bhttps?://"
    r"|\{\s{0,20}\"status\": ?\"(?:error|parameter-error)\",\s{0,20}\"time\":"
)
_TUNNEL: Final = re.compile(
    r"(?i)from proxy after CONNECT|CONNECT tunnel failed|Tunnel connection failed|"
    r"unable to tunnel through proxy|Proxy Authentication Required"
)
_WEB: Final = re.compile(r"(?i)https?://")
_PORTS: Final = (
    "5432|3306|6379|27017|11211|9200|8080|8443|443|80|22|21|53|389|636|5672|9092|3389|1433|"
    "1521|9000"
)
_UNRELATED: Final = re.compile(
    rf"(?i)(?:\]|\w):(?:{_PORTS})(?!\d)|\bport\W{{0,4}}(?:{_PORTS})(?!\d)|postgres|psycopg|mysql"
    r"|mariadb|redis|mongo|rabbitmq|kafka|\bldap|elasticsearch|\bssh\b|\bgit\b|npm ERR|docker pull"
    r"|jdbc|SQLSTATE|sqlalchemy|Access denied for user|StdOut\.php|\bs?ftp\b|websocket|\bxmpp\b"
    r"|\bsip\b|memcached|\bs3\b|kubectl|rsync|\bnpm\b|\bpip\b|kex_exchange|flask_sqlalchemy"
)
_SENDS: Final = re.compile(
    r"(?i)smtp(?!lib\b.*imap)|sendmail|postfix/|exim\b|rcpt to|mail from|:(?:25|465|587|2525)\b"
)
"""What only sending has; STARTTLS and the words of a login, IMAP has too."""
_SURELY_UNRELATED: Final = re.compile(
    r"npm ERR!|registry\.npmjs|pull (?:access|image)|failed to resolve reference|ERROR 1045"
    r"|SQLSTATE|Aborted connection \d+ to db"
    r"|\]?:(?:9093|5432|3306|6379|27017|11211)\b|psycopg|pymysql"
    r"|(?:login|log in) with USER and PASS|vsftpd|ProFTPD|certbot|params:acme"
    r"|ACME certificate|nginx: \[|\[emerg\]"
    r"|clamd|spamd|rspamd|kubectl|\bmocha\b|\bselenium|playwright"
    r"|(?i:cancell?ing job|\bJOB status=|\bipps?://|\bCUPS\b|\bcupsd\b|during device I/O)"
)
"""What is about another program, though it may name mail."""
_WORDY: Final = re.compile(
    r"(?i)recipient|sender|relay|mailbox|message|rejected|\bhelo\b|greylist|spam|"
    r"blacklist|blocked|\bauth|login|password|user ?name|credential"
)


def client_of(text: str) -> str:
    """The id of the library or program whose words the text shows; empty when none is known."""
    return next((name for name, pattern in _CLIENTS if pattern.search(text)), "")


def exceptions_of(text: str) -> list[str]:
    """The names of exceptions in the text, without packages, in order."""
    names = (re.split(r"[.:\\]+", found)[-1] for found in _EXCEPTION.findall(text))
    return list(dict.fromkeys(names))[:10]


def speaks_of_mail(text: str) -> bool:
    """Whether anything in the text has to do with mail."""
    return bool(_SMTP.search(text))


def may_be_mail(text: str) -> bool:
    """Whether words without a code may be those of a mail server or program."""
    return bool(_SMTP.search(text) or _WORDY.search(text))


def other_protocol(text: str) -> str:
    """`imap`, `pop3`, `http` or `other` where the text is about that and nothing in it is SMTP."""
    strict = bool(_STRICT_SMTP.search(text))
    if _IMAP.search(text) and not _SENDS.search(text):
        return "imap"
    if _POP3.search(text) and not re.search(r"(?i)smtp|starttls|ehlo", text):
        return "pop3"
    if _API.search(text) and not strict and not _on_the_way(text):
        return "http"
    if not strict and _SURELY_UNRELATED.search(text):
        return "other"
    if _UNRELATED.search(text) and not _SMTP.search(text):
        return "other"
    return ""


def _on_the_way(text: str) -> bool:
    """Whether HTTP is only how a proxy was asked for the way, to something that is no web page."""
    return bool(_TUNNEL.search(text)) and not _WEB.search(text)
