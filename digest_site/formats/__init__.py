"""Dates and times where no page says otherwise: day first, 24 hours (`en/formats.py`).

Django takes a language's own formats before those of the settings, so `DATE_FORMAT` in
the settings alone would leave the admin with "Nov. 25, 2026, 9:07 p.m.".
"""
