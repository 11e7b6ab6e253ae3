"""The operators' pages: every table as a list one can search, and a front page.

In: the database, read; out: pages under /admin/ made by django-unfold. Whoever owns a
value elsewhere keeps it: ledger, listings, runs and consent are shown, never edited.
`figures` asks the database, `dashboard` shows its answers on the front page, the other
modules are the lists, grouped like the sidebar (digest_site/unfold.py).
"""

from . import actions, mail, papers, readers, sending, staff

__all__ = ["actions", "mail", "papers", "readers", "sending", "staff"]
