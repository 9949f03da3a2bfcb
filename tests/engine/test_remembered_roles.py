"""What staff hold is remembered as it was last seen, to choose whom to write to; it opens nothing."""

from __future__ import annotations

from flows.engine.take import take
from flows.seam import Command, Incoming, Person, Space, Text
from storage import audiences, members, role_grants
from tests.engine.desk import NOW, Desk
from tests.raw import rows


def remembered(desk: Desk, who: str) -> str:
    return next(
        row["roles"] for row in desk.database.run_now(lambda s: rows(s, "account")) if row["external_id"] == who
    )


def holds(desk: Desk, role: str, who: str) -> bool:
    member = next(
        row["member_id"] for row in desk.database.run_now(lambda s: rows(s, "account")) if row["external_id"] == who
    )
    return desk.database.run_now(lambda s: audiences.holds(s, desk.one, audiences.role(role), "", member))


def test_staff_is_remembered_until_they_are_seen_without_the_role(desk: Desk) -> None:
    for who in ("robin", "sam"):
        desk.give(Command("language"), who=who)
    assert (remembered(desk, "robin"), remembered(desk, "sam")) == (",case_reader,mentor,", "")
    assert (holds(desk, "mentor", "robin"), holds(desk, "student", "robin")) == (True, False)
    assert (holds(desk, "mentor", "sam"), holds(desk, "student", "sam")) == (False, True)
    desk.database.run_now(lambda s: role_grants.revoke(s, desk.one, "mentor", "web"))
    desk.give(Command("language"), who="robin")
    assert remembered(desk, "robin") == ""
    assert holds(desk, "student", "robin")


def test_what_is_remembered_opens_nothing(desk: Desk) -> None:
    desk.give(Command("language"), who="sam")
    desk.database.run_now(lambda s: members.set_roles(s, desk.one, "web", "sam", ["mentor"]))
    incoming = Incoming("e", Space("web", "one"), Person("sam", "Sam"), Command("cases"))
    reply = desk.database.run_now(lambda s: take(s, desk.catalogue, incoming, NOW)).reply
    said = " ".join(part.text for part in reply.parts if isinstance(part, Text))
    assert "This is for the mentors" in said
    assert remembered(desk, "sam") == ""
