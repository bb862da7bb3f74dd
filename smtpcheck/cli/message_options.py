"""The options of `send-test` that say what the message is: the type of each, with its words."""

from __future__ import annotations

from typing import Annotated

import typer

from smtpcheck.cli.command import between

To = Annotated[list[str], typer.Option("--to", metavar="ADDRESS", help="A recipient; repeatable.")]
ToSelf = Annotated[bool, typer.Option("--self", help="Send to the sender.")]
From = Annotated[
    str, typer.Option("--from", metavar="ADDRESS", help="Address in From and envelope.")
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="USER",
        help="Play a user, ADDRESS or 'NAME <ADDRESS>': in From, or in Reply-To with sender.force.",
    ),
]
ReplyTo = Annotated[str, typer.Option(metavar="ADDRESS", help="Address in Reply-To.")]
Bounce = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Envelope sender; '' is the null sender <>.")
]
Subject = Annotated[str, typer.Option(metavar="TEXT", help="Subject.")]
Body = Annotated[str | None, typer.Option(metavar="TEXT", help="Text of the message.")]
BodyFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Read the text from FILE; - is standard input.")
]
Empty = Annotated[bool, typer.Option("--empty", help="Send an empty body.")]
Html = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|TEXT",
        help="HTML besides the text, which is made from it if there is none; TEXT has a < in it.",
    ),
]
Attach = Annotated[
    list[str],
    typer.Option(metavar="FILE[:TYPE]", help="Attach a file, as image/png or so; repeatable."),
]
Charset = Annotated[
    str,
    typer.Option(metavar="NAME", help="Of text, subject and names: utf-8, iso-8859-1, shift_jis."),
]
Headers = Annotated[
    list[str],
    typer.Option(
        "--header", metavar="'NAME: VALUE'", help="One more header field, or another; repeatable."
    ),
]
Data = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Send the whole message in FILE, its line ends made CR LF; - is standard input.",
    ),
]
DsnNotify = Annotated[
    str,
    typer.Option(
        metavar="WHEN", help="Ask for delivery notices: never, or of success,failure,delay."
    ),
]
DsnReturn = Annotated[
    str, typer.Option(metavar="WHAT", help="What comes back with a notice: full or headers.")
]
DsnEnvelopeId = Annotated[
    str, typer.Option("--dsn-envid", metavar="TEXT", help="A mark that comes back with a notice.")
]
Bdat = Annotated[
    bool, typer.Option("--bdat", help="Transfer by BDAT where the server offers CHUNKING.")
]
Count = Annotated[
    int,
    typer.Option(
        metavar="N",
        parser=between(1, 100),
        help="Send so many, until one is refused: finds rate limits.",
    ),
]
Interval = Annotated[
    float,
    typer.Option(metavar="SECONDS", parser=between(0.0, 3600.0), help="Wait between two of them."),
]
SpamScore = Annotated[
    bool,
    typer.Option(
        "--spam-score", help="Ask rspamd or SpamAssassin of this machine about the message."
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print the first message as it would be sent, and connect nowhere."
    ),
]
