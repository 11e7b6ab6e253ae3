"""The last line of bin/test adds up its runs."""

from pathlib import Path

import pytest

from .tally import Tally, main

CASES = {
    "passed": '<testcase classname="a" name="b"/>',
    "failed": '<testcase classname="a" name="b"><failure message="x"/></testcase>',
    "broken": '<testcase classname="a" name="b"><error message="x"/></testcase>',
    "skipped": '<testcase classname="a" name="b"><skipped message="no X"/></testcase>',
    "telling": '<testcase classname="a" name="b"><properties>'
    '<property name="seeds 1 to 3" value="kills 7"/></properties></testcase>',
    "unrecorded": '<testcase classname="a" name="b">'
    '<skipped message="../shared is not here"/></testcase>',
}


def report(folder: Path, *kinds: str) -> str:
    path = folder / "-".join(kinds)
    cases = "".join(CASES[kind] for kind in kinds)
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return str(path)


def test_runs_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = [
        report(tmp_path, "passed", "skipped", "passed"),
        report(tmp_path, "passed", "failed", "broken"),
    ]
    assert main(reports, in_ci=False) == 1
    assert capsys.readouterr().out == "3 passed, 2 failed, 1 skipped\n"


def test_what_a_test_recorded_of_itself_stands_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([report(tmp_path, "telling")], in_ci=True) == 0
    told, total = capsys.readouterr().out.splitlines()
    assert (told, total[:8]) == ("seeds 1 to 3: kills 7", "1 passed")


@pytest.mark.parametrize(
    ("kind", "in_ci", "code"),
    [("skipped", False, 0), ("skipped", True, 1), ("unrecorded", True, 0)],
)
def test_in_ci_a_skip_fails_unless_it_is_for_recorded_data(
    kind: str, in_ci: bool, code: int, tmp_path: Path
) -> None:
    assert main([report(tmp_path, "passed", kind)], in_ci) == code


def test_a_run_that_broke_off_counts_as_failed(tmp_path: Path) -> None:
    (cut := tmp_path / "cut").write_text("<testsuites><testcase")
    tally = Tally()
    tally.add(cut)
    tally.add(tmp_path / "missing")
    assert str(tally) == "0 passed, 2 failed, 0 skipped"
