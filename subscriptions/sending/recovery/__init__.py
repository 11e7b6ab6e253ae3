"""What a sender that died had in hand, told apart from its journal.

In: the journals of this host's senders and leases that ran out. Out: each mail given
back, written as it ended, or in doubt. `journal` is the file a living sender writes
before each step, `senders` says who is alive and takes over from who is not, `lost`
does what follows to the rows, and holds what no journal here tells of. Writes by way
of `ledger`, which does not know it.
"""
