"""Add up JUnit reports: `N passed, N failed, N skipped`, the last line of bin/test,
after what tests recorded of themselves.

With CI=true a skipped test fails the run, but for those that want the recorded data
in ../shared: elsewhere a skip is a choice, there it hides that nothing was tested.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    reasons: list[str] = field(default_factory=list)  # of each skipped test
    told: list[str] = field(default_factory=list)  # by `record_property`

    def add(self, report: Path) -> None:
        """A missing or cut report is a run that broke: one failure."""
        try:
            cases = list(ElementTree.parse(report).iter("testcase"))
        except (OSError, ElementTree.ParseError):
            self.failed += 1
            return
        for case in cases:
            for each in case.iter("property"):
                self.told.append(f"{each.get('name')}: {each.get('value')}")
            skipped = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.failed += 1
            elif skipped is not None:
                name = f"{case.get('classname')}.{case.get('name')}"
                self.reasons.append(f"{name}: {skipped.get('message')}")
            else:
                self.passed += 1

    def __str__(self) -> str:
        skipped = len(self.reasons)
        return f"{self.passed} passed, {self.failed} failed, {skipped} skipped"


def main(reports: Iterable[str], in_ci: bool) -> int:
    tally = Tally()
    for report in reports:
        tally.add(Path(report))
    for line in tally.told:
        print(line)
    unexcused = [reason for reason in tally.reasons if "../shared" not in reason]
    if in_ci and unexcused:
        print("Skipped, though everything is at hand here:", *unexcused, sep="\n  ")
    print(tally)
    return bool(tally.failed or not tally.passed or (in_ci and unexcused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ.get("CI") == "true"))
