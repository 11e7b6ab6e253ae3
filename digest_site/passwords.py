"""How the passwords of staff are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """With the least that OWASP's password cheat sheet asks of argon2id. Django's own
    takes 100 MB for each try: eight at once, which anybody can send, were a gigabyte.
    A password kept by that is kept by this after the next sign-in."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
