"""Redacts personal data and secrets in failure messages."""

import re

INVALID_TASK_DATA = "InvalidTaskData"
PAYLOAD_TOO_LARGE = "PayloadTooLarge"

#: The types of failures whose messages have no values.
WITHOUT_VALUES = (INVALID_TASK_DATA, PAYLOAD_TOO_LARGE)


def redact(message: str) -> str:
    """Hides quotes, values, addresses, long numbers and keys: they may come from a form or a credential.

    An HTTP status does not.
    """
    for pattern, replacement in (
        (r"""(?<![^\W_])(["'`“‘]).*?["'`”’](?![^\W_])""", "…"),
        (r"\b(\w+://)(?:\S*@)?([^\s/?#]+)[^\s,;)]*", r"\1\2"),
        (r"\S+@\S+", "…"),
        (r"=(?!(?:(?<=\bstatus=)|(?<=\bstatusCode=))[1-5]\d\d\b)\s*\S+", "=…"),
        (r"(?=[\w+/.~-]*\d)[\w+/.~-]{16,}", "…"),
        (r"\d(?:[ .:/-]?\d){3,}", "…"),
    ):
        message = re.sub(pattern, replacement, message)
    return message
