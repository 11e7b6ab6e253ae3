"""Every way a mail can look, on invented papers: `manage.py preview --gallery DIR`.

In: a folder. Out, in it: each case as .eml, .html and .txt, screenshots of it light and
dark, wide and narrow where Chromium is at hand, and `index.html`, which shows them side
by side. Look at it before and after a change of a template.
"""

from .cases import mails
from .files import Case, Written, write

__all__ = ["Case", "Written", "mails", "write"]
