"""A paper's way to the inbox, in the order of this folder's listing.

1. `ingestion` asks the sources what they list today and stores papers and editions.
2. `matching` holds every topic filter against an edition's listings, at once.
3. `pipeline` finds who is due (by `rounds`), joins readers to matches and writes
   exactly one `Delivery` per reader and due date.
4. `rendering` turns a delivery into the bytes of a mail, `sending` hands them over
   and writes down what became of each.
5. `tasks` rings, `web` takes sign-ups and clicks, `admin` watches.

Imports point down: models <- links <- consent <- the stages <- pipeline <- tasks
<- web, admin, management. `tests/test_layers.py` holds them to it.
"""
