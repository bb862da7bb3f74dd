"""The server's side of TLS, by a web configuration."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from pathlib import Path

from smtpcheck.model.errors import UsageError
from smtpcheck.serve.web_config import CURVES, SUITES, TlsSettings

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """The context for these settings. Raises UsageError, which names the key that is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    _set_versions(context, tls)
    _set_ciphers(context, tls)
    _set_curves(context, tls)
    _load_certificate(context, tls)
    if tls.client_auth_type != "NoClientCert":
        required = tls.client_auth_type == "RequireAndVerifyClientCert"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        _load_client_ca(context, tls)
    return context


def may_come_in(sock: ssl.SSLSocket, allowed: tuple[str, ...]) -> bool:
    """Whether the client's certificate bears one of these names (DNS, mail, IP, URI); without any
    to compare with, whoever passed the handshake may."""
    if not allowed:
        return True
    certificate = sock.getpeercert() or {}
    names = certificate.get("subjectAltName", ())
    return any(isinstance(each, tuple) and each[1] in allowed for each in names)


def _set_versions(context: ssl.SSLContext, tls: TlsSettings) -> None:
    with warnings.catch_warnings():
        # Old versions are asked for on purpose, by name.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[tls.min_version]
        context.maximum_version = _VERSIONS[tls.max_version]


def _set_ciphers(context: ssl.SSLContext, tls: TlsSettings) -> None:
    names = [SUITES[name] for name in tls.cipher_suites if name in SUITES]
    if tls.cipher_suites and not names:
        # Those of TLS 1.3 cannot be chosen, in Go neither; without others nothing older is left.
        if tls.max_version != "TLS13":
            raise UsageError("cipher_suites names none of TLS 1.2, and max_version allows no other")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    old = tls.min_version in ("TLS10", "TLS11")
    if names or old:
        text = ":".join(names) or "DEFAULT"
        context.set_ciphers(f"{text}:@SECLEVEL=0" if old else text)
    if tls.prefer_server_cipher_suites:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE


def _set_curves(context: ssl.SSLContext, tls: TlsSettings) -> None:
    names = [CURVES[name] for name in tls.curve_preferences]
    set_groups = getattr(context, "set_groups", None)  # from Python 3.15 on
    if set_groups is not None and names:
        set_groups(":".join(names))
    elif len(names) == 1:
        context.set_ecdh_curve(names[0])
    elif names:
        raise UsageError(
            "curve_preferences names several curves, and this Python can hold to one alone",
            ["name one, or leave the key out for those of OpenSSL"],
        )


def _load_certificate(context: ssl.SSLContext, tls: TlsSettings) -> None:
    """The key touches the disk only while OpenSSL reads it, where the configuration holds it."""
    with tempfile.TemporaryDirectory(prefix="smtpcheck-") as folder:
        paths = []
        for name in ("cert", "key"):
            path, text = getattr(tls, f"{name}_file"), getattr(tls, name)
            if not path:
                path = str(Path(folder, name))
                Path(path).touch(mode=0o600)
                Path(path).write_text(text, "utf-8")
            _must_be_readable(f"{name}_file", path)
            paths.append(path)
        try:
            context.load_cert_chain(paths[0], paths[1], password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or "a key with a pass phrase"
            raise UsageError(
                f"the certificate and its key cannot be used: {str(reason).lower()}",
                [f"cert_file is {tls.cert_file or 'given as text'}"],
            ) from None


def _no_password() -> str:
    raise ValueError("the key has a pass phrase, and nobody can be asked for it")


def _load_client_ca(context: ssl.SSLContext, tls: TlsSettings) -> None:
    try:
        if tls.client_ca_file:
            _must_be_readable("client_ca_file", tls.client_ca_file)
            context.load_verify_locations(tls.client_ca_file)
        elif tls.client_ca:
            context.load_verify_locations(cadata=tls.client_ca)
        else:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except (ssl.SSLError, ValueError):
        raise UsageError(
            "the client CA cannot be used: it holds no certificate in PEM",
            [f"client_ca_file is {tls.client_ca_file or 'given as text'}"],
        ) from None


def _must_be_readable(key: str, path: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except OSError as error:
        raise UsageError(
            f"{key} cannot be read: {path}: {error.strerror}",
            ["a relative path is taken from the folder of the web configuration"],
        ) from None
