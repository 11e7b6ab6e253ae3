"""Coverage-guided fuzzing of the filter language: `bin/test --fuzz` runs it.

    python tests/fuzz/run.py [seconds]

libFuzzer's output goes to standard error; the number of executions stands at its end.
Exit code 0: the promises held for all of them. 1: one was broken; the input is shown.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).absolute().parent
LONGEST = 2_000  # bytes: twice what a filter may have
TEN_MINUTES = 600
INSTRUMENTED = ("language", "tokens", "markup", "why", "authors")


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else TEN_MINUTES
    with tempfile.TemporaryDirectory(prefix="filters-") as found:
        # libFuzzer ends its process by itself, so it has one of its own.
        options = (
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-dict={HERE / 'filters.dict'}",
            f"-artifact_prefix={found}/broken-",
            "-timeout=5",
            "-print_final_stats=1",
            "-verbosity=1",
        )
        made = Path(found, "corpus")
        made.mkdir()
        command = [sys.executable, __file__, "--child", *options]
        child = subprocess.run([*command, made, HERE / "corpus"], check=False)
        for broken in Path(found).glob("broken-*"):
            text = broken.read_bytes().decode(errors="surrogateescape")
            print(f"broken by {text!a}", file=sys.stderr)
    return 0 if child.returncode == 0 else 1


def fuzz() -> None:
    import atheris

    sys.path.insert(0, str(HERE.parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    parts = [f"subscriptions.matching.{part}" for part in INSTRUMENTED]
    with atheris.instrument_imports(include=parts):
        import django

        django.setup()
        from tests.fuzz.promises import check

    def each(data: bytes) -> None:
        check(data.decode(errors="surrogateescape"))

    atheris.Setup([sys.argv[0], *sys.argv[2:]], each)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        fuzz()
    else:
        sys.exit(main())
