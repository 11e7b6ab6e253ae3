"""What a mail's row goes through, from owed to its end.

In: rows of Delivery and Letter. Out: leases, and the states that attempts led to.
`claims` leases what is due and asks again before a mail begins, `refusals` says why one
may not go any more, `attempts` writes what came of it, `persistence` does so even while
the database restarts, `statements` has the SQL of all of them, and `epoch` notices a
database that was restored. Asks `brakes` whether anything goes, and knows no relay.
"""
