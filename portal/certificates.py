"""Why a server's certificate was not believed, in words that say whose turn it is."""

from __future__ import annotations

import ssl

# By OpenSSL's X509_V_ERR_* numbers.
WHY = {
    9: "is not valid yet: check this machine's clock",
    10: "has expired: its administrator has to renew it",
    18: "is signed by itself: have it signed, or let this machine know it by SSL_CERT_FILE",
    19: "comes from an issuer that this machine does not know: let it know by SSL_CERT_FILE",
    20: "comes from an issuer that this machine does not know, or the server does not send the whole chain",
    21: "comes from an issuer that this machine does not know, or the server does not send the whole chain",
    62: "is for another name: use the name that it is for",
    64: "is for another address: use the name that it is for",
}


def in_words(error: BaseException, host: str) -> str:
    """What is wrong with the certificate of `host`; other failures of TLS in the library's own words."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = getattr(error, "reason", None)
        return f"TLS with {host} failed: {str(reason or error).replace('_', ' ').lower()}"
    why = WHY.get(error.verify_code, f"was not accepted ({error.verify_message})")
    return f"the certificate of {host} {why}"
