"""Browsers and mail clients: requests in, pages out.

Views parse what came, call one function of `consent`, `pipeline`, `matching` or the
models, and present the result. GET and HEAD change nothing anywhere. Every page works
without JavaScript; what it may load and who may frame it is set in `headers`.
"""
