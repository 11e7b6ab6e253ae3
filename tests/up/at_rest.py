"""The last that the fork server of `program` loads: what it has is put to rest.

What a library makes at its first use is made once, before there are processes, and the
garbage collector of each looks at its own objects only: to walk through those of the
libraries would also copy their memory, page by page.
"""

import gc

from django.core.validators import validate_email

validate_email("reader@example.org")  # its expressions: 20 ms at every start
gc.collect()
gc.freeze()
