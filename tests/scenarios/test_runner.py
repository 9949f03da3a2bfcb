"""What a story says once stands in it each time it is compared."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.runner import Act, Story

CONSENT = ["The mentors read your story, and they do not see your name anywhere.", "A" * 70 + ".", "B" * 70 + "."]


def test_what_was_explained_before_is_written_once_and_compared_in_full(tmp_path: Path) -> None:
    acts = [
        Act("> Sam asks /tell", {}, [*CONSENT, "Good.", "[Go on]"]),
        Act("> Sam looks", {}, ["Good.", *CONSENT[1:], "[Go on]"]),
        Act("> Sam presses [Go on]", {}, [*CONSENT[:2], "Something else is said here, and nobody heard it before."]),
        Act("> Sam looks", {}, [CONSENT[0], "[Go on]"]),
    ]
    path = tmp_path / "story.txt"
    Story(["# A story"], acts).write(path)
    written = path.read_text().splitlines()
    assert [written.count(line) for line in CONSENT] == [2, 1, 1]
    assert [line for line in written if line.startswith("As above")] == [
        f"As above, 2 lines: {CONSENT[1]}",
        f"As above, 2 lines: {CONSENT[0]}",
    ]
    read = Story.read(path)
    assert [act.seen for act in read.acts] == [act.seen for act in acts]


def test_what_was_never_above_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("> Sam looks\nAs above, 2 lines: Nobody said this.\n")
    assert Story.read(path).acts[0].seen == ["As above, 2 lines: Nobody said this."]
