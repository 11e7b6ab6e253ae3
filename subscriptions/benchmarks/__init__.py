"""What `manage.py bench` runs: each figure against a baseline in the same run.

In: sizes and a number of rounds. Out: figures as a dictionary, medians over the rounds.
Papers, filters and readers are invented (`mix`), but for `rank`, which needs real ones.
"""
