"""What slows sending down or stops it, most of all for what comes back.

`pace` says how fast the relay and each of its domains may be asked, by what they
answered; `pauses` what an operator stopped, `window` the hours in which mail goes out;
`canary` lets a few readers never mailed before go first; `breaker` pauses everything
when too much came back, and tells the operator. None of it knows a lease: `ledger` and
`smtp` ask here, nothing here asks them.
"""
