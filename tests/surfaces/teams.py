"""The people of a scenario in Teams: they type, press and fill in what the cards show, over real HTTP, signed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from flows.seam import Receive, Space
from tests.adapters.teams.world import BOT, CARD, TEAM, TENANT, World, world

PEOPLE = {"Sam": "students", "Noor": "students", "Robin": "mentors", "Kim": "mentors", "Alex": "leads"}
PLACES = ("students", "mentors", "leads")
Found = tuple[str, dict[str, Any], dict[str, Any]]


class TeamsSurface:
    """A team with three channels and five members.

    ``async with TeamsSurface(receive) as surface`` starts it. Ids for seeding a database are known from the start:
    ``space`` (the team), ``place_ids``, ``person_ids``; Teams has no roles.
    """

    name = "teams"

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.space = Space("teams", f"{TENANT}:{TEAM}", within=TENANT)
        self.place_ids = {place: f"19:{place}@thread.tacv2" for place in PLACES}
        self.person_ids = {who: f"oid-{who.lower()}" for who in PEOPLE}
        self.role_ids: dict[str, str] = {}
        self._before: dict[str, dict[str, Any]] = {}
        self._shown: dict[str, list[str]] = {who: [] for who in PEOPLE}

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        made = await self._stack.enter_async_context(world(self._receive))
        self.world: World = made
        service = made.service
        service.members[TEAM] = [
            {"id": f"29:{who.lower()}", "objectId": self.person_ids[who], "name": who} for who in PEOPLE
        ]
        service.channels[TEAM] = [
            {"id": ident, "name": place, "type": "standard"} for place, ident in self.place_ids.items()
        ]
        # Teams' own hello when the app is added is how the adapter learns the tenant's service URL.
        self.adapter._chats._services[TENANT] = service.url
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._stack.aclose()

    @property
    def adapter(self) -> Any:
        """What the sender delivers to."""
        return self.world.adapter

    # ------------------------------------------------------------ acts

    async def say(self, who: str, text: str) -> None:
        self._mark(who)
        await self._post(who, text=text)

    async def command(self, who: str, name: str) -> None:
        """A command is typed where one is at home: in the channel, with a mention of Erbij."""
        self._mark(who)
        mention = {"type": "mention", "text": "<at>Erbij</at>", "mentioned": {"id": BOT, "name": "Erbij"}}
        text = f"<at>Erbij</at> {name}"
        await self._post(who, PEOPLE[who], text=text, entities=[mention])

    async def add(self, who: str) -> None:
        """Someone adds Erbij to the team, which says hello in its General channel. Teams tells it twice."""
        self.place_ids["general"] = TEAM
        added = [{"id": BOT}]
        await self._post(who, "general", type="installationUpdate", action="add")
        await self._post(who, "general", type="conversationUpdate", membersAdded=added)

    async def arrive(self, who: str) -> None:
        """Someone adds Erbij for themselves."""
        self._mark(who)
        await self._post(who, type="installationUpdate", action="add")

    async def press(self, who: str, label: str, place: str = "") -> None:
        for message, card, action in self._actions(who, place):
            if action["title"] == label:
                self._mark(who)
                await self._use(who, message, card, action, {}, place)
                return
        raise AssertionError(f"{who} sees no button [{label}]")

    async def press_by_hand(self, who: str, buttons: Sequence[str], place: str) -> None:
        """Send what no card of ours may have held."""
        for button in buttons:
            action = {"type": "Action.Execute", "verb": "erbij", "data": {"erbij": {"do": "press", "id": button}}}
            await self._post(who, place, type="invoke", name="adaptiveCard/action", value={"action": action})

    async def fill(self, who: str, values: dict[str, str]) -> None:
        left = dict(values)
        self._mark(who)
        while True:
            form = next((f for f in self._actions(who) if f[2]["data"]["erbij"]["do"] == "fill"), None)
            if form is None:
                raise AssertionError(f"{who} was not asked: {sorted(left)}")
            message, card, action = form
            inputs = {element["id"]: element for element in _inputs(card)}
            typed = {ident: str(one["value"]) for ident, one in inputs.items() if one.get("value")}
            for ident, one in inputs.items():
                key = next((k for k in left if _same(k, one["label"])), None)
                if key is not None:
                    typed[ident] = _answer(one, left.pop(key))
            missing = [one["label"] for ident, one in inputs.items() if one["isRequired"] and not typed.get(ident)]
            assert not missing, f"Teams lets {who} not send the form without: {missing}"
            await self._use(who, message, card, action, {k: v for k, v in typed.items() if v})
            if not left:
                return

    async def restart(self) -> None:
        """A new process: the same Teams, nothing remembered."""
        await self.world.stop()
        await self.world.start()
        self.adapter._chats._services[TENANT] = self.world.service.url

    # ------------------------------------------------------------ what is seen

    async def seen(self, who: str) -> list[str]:
        await self.world.settled()
        before = self._before.get(who, {})
        lines = list(self._shown[who])
        for message, activity in self._chat(who).items():
            if before.get(message) != activity:
                lines += lines_of(activity)
        return lines

    async def posts(self, place: str) -> list[str]:
        messages = self.world.service.messages.get(self.place_ids[place], {})
        return [line for activity in messages.values() for line in lines_of(activity)]

    # ------------------------------------------------------------ how

    def _chat(self, who: str) -> dict[str, dict[str, Any]]:
        return self.world.service.messages.setdefault(f"a:29:{who.lower()}", {})

    def _mark(self, who: str) -> None:
        self._before[who] = copy.deepcopy(self._chat(who))
        self._shown[who] = []

    def _actions(self, who: str, place: str = "") -> Iterator[Found]:
        """Every button that can be pressed, newest first: message, card, action."""
        chat = self.world.service.messages.get(self.place_ids[place], {}) if place else self._chat(who)
        for message, activity in reversed(chat.items()):
            for card in _cards(activity):
                for action in actions_of(card):
                    yield message, card, action

    async def _use(
        self,
        who: str,
        message: str,
        card: dict[str, Any],
        action: dict[str, Any],
        inputs: dict[str, str],
        place: str = "",
    ) -> None:
        if action["data"].get("msteams", {}).get("type") == "task/fetch":
            raise AssertionError("a dialog is opened by fill")
        value = {"action": {"type": "Action.Execute", "verb": "erbij", "data": action["data"] | inputs}}
        answer = await self._post(who, place, type="invoke", name="adaptiveCard/action", value=value, replyToId=message)
        assert answer is not None
        if answer["type"] == CARD:
            # What Teams shows at once; the edit that follows says the same.
            self._chat(who)[message] = {"attachments": [{"contentType": CARD, "content": answer["value"]}]}
        elif not place and answer["value"]:
            self._shown[who].append(answer["value"])
        await self.world.settled()

    async def _post(self, who: str, place: str = "", **fields: Any) -> Any:
        channel = self.place_ids[place] if place else ""
        body = self.world.activity(who.lower(), channel=channel, **fields)
        status, answer = await self.world.post(body)
        assert status == 200, status
        return answer


def _cards(activity: dict[str, Any]) -> list[dict[str, Any]]:
    return [a["content"] for a in activity.get("attachments") or ()]


def _walk(elements: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for element in elements:
        yield element
        yield from _walk(element.get("items", ()))


def _words(elements: Sequence[dict[str, Any]]) -> str:
    return "\n".join("".join(run["text"] for run in element["inlines"]) for element in elements)


def actions_of(card: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The buttons of a card."""
    for element in _walk(card["body"]):
        yield from element.get("actions", ()) if element.get("type") == "ActionSet" else ()


def _inputs(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [element for element in _walk(card["body"]) if element["type"].startswith("Input.")]


def _same(asked: str, shown: str) -> bool:
    one, other = ("".join(text.split()) for text in (asked, shown))
    return other.startswith(one) or one.startswith(other)


def _answer(one: dict[str, Any], answer: str) -> str:
    if one["type"] != "Input.ChoiceSet":
        return answer
    if one.get("isMultiSelect"):
        return ",".join(_answer(one | {"isMultiSelect": False}, each) for each in answer.split(", ") if each)
    for choice in one["choices"]:
        if answer in (choice["title"], choice["value"]) or choice["title"].startswith(f"{answer}:"):
            return str(choice["value"])
    raise AssertionError(f"{answer} is not among {[c['title'] for c in one['choices']]}")


def lines_of(activity: dict[str, Any]) -> list[str]:
    """What a message shows: a line for each paragraph, ``label: text`` for a row, questions and buttons."""
    lines = [activity["text"]] if activity.get("text") else []
    for card in _cards(activity):
        label = ""
        for element in _walk(card["body"]):
            if element["type"] == "RichTextBlock":
                label = _read(element, label, lines)
            elif element["type"] == "ActionSet":
                lines += [f"[{action['title']}]" for action in element["actions"]]
            else:
                lines += _named(element)
    return lines


def _read(block: dict[str, Any], label: str, lines: list[str]) -> str:
    """Add a line of text; the label that waits for its text afterwards."""
    run = block["inlines"][0] | {"text": "".join(one["text"] for one in block["inlines"])}
    if run.get("isSubtle"):
        return str(run["text"]) if run.get("weight") == "Bolder" else ""  # else a question's hint
    if block["spacing"] == "None" and lines and not label:
        lines[-1] += f"\n{run['text']}"
    else:
        lines.append(f"{label}: {run['text']}" if label else run["text"])
    return ""


def _named(element: dict[str, Any]) -> list[str]:
    """A title, a question, or a label with its text beside it."""
    match element["type"]:
        case "TextBlock":
            return [element["text"].replace("\\", "")]
        case "ColumnSet":
            return [": ".join(_words(column["items"]) for column in element["columns"])]
        case kind if kind.startswith("Input."):
            return [f"? {element['label']}"]
    return []
