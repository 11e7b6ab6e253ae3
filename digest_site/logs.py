"""What must not stand in a log."""

from __future__ import annotations

import logging
import re

# A token of `subscriptions.links`: one id or two, perhaps a time, 22 signs of HMAC.
_TOKEN = re.compile(r"[0-9A-Za-z-]+(?:~[0-9A-Za-z]+)?~[\w-]{22}")


class WithoutTokens(logging.Filter):
    """Take readers' links out: Django logs the path of a page that broke."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "~" in message:
            record.msg, record.args = _TOKEN.sub("(token)", message), None
        return True
