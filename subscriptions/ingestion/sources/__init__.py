"""One file per way in: how a source's answer becomes records.

Bytes come in, a `Reading` goes out; nothing here raises for what a stranger sent.
A new format is one more file here and one line in `files.py`.
"""
