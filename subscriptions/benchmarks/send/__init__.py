"""`bench send`: the whole way from the ledger to a sink, against sending a ready mail.

In: how many digests, how many rounds; a database of one's own. Out: figures, medians
over the rounds (`figures`). In each round (`measuring`) every way goes once: Postfix's
`smtp-source` with a ready message (`sinks`), the service's own sender in processes of
its own, with and without DKIM (`children`, `roles`), a plain Django loop, the ledger
alone (`ledger`), and the sender to a server far away (`latency`). Then a domain of a
fifth of the readers answers 421 (`busy`). The digests were composed before, a due date
for each run (`seeding`).
"""

from .children import Failed
from .measuring import measure
from .seeding import Unlike
from .sinks import NoTools, require_tools

__all__ = ["Failed", "NoTools", "Unlike", "measure", "require_tools"]
