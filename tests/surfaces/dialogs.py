"""The people of a scenario in Teams who write in windows: forms that offer a dialog are filled in and sent there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.adapters.teams.world import CARD
from tests.surfaces.teams import Found, TeamsSurface, actions_of, lines_of


class TeamsDialogs(TeamsSurface):
    """The same team. An open dialog is all that its person sees until it closes; the chat then shows how it ended."""

    name = "teams-dialogs"
    opened = 0
    """Dialogs that were opened."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._dialogs: dict[str, tuple[str, dict[str, Any]]] = {}
        """Person -> the message that the open dialog came from, and its card now."""
        self._titles: dict[str, str] = {}
        """Person -> the title of that dialog's window."""

    async def say(self, who: str, text: str) -> None:
        """Closing the dialog comes first: it stands before the chat."""
        self._dialogs.pop(who, None)
        await super().say(who, text)

    async def command(self, who: str, name: str) -> None:
        self._dialogs.pop(who, None)
        await super().command(who, name)

    async def fill(self, who: str, values: dict[str, str]) -> None:
        message, card, _action = next(self._actions(who))
        window = next((a for a in actions_of(card) if a["data"].get("msteams", {}).get("type") == "task/fetch"), None)
        if window is not None and who not in self._dialogs:
            self.opened += 1
            await self._in_dialog(who, message, "task/fetch", window["data"])
        await super().fill(who, values)

    def _actions(self, who: str, place: str = "") -> Iterator[Found]:
        if place or who not in self._dialogs:
            yield from super()._actions(who, place)
            return
        message, card = self._dialogs[who]
        for action in actions_of(card):
            assert action["type"] == "Action.Submit", "a dialog knows nothing else"
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
        if place or who not in self._dialogs:
            await super()._use(who, message, card, action, inputs, place)
            return
        await self._in_dialog(who, message, "task/submit", action["data"] | inputs)
        if who in self._dialogs:
            now = {"attachments": [{"contentType": CARD, "content": self._dialogs[who][1]}]}
            lines = lines_of(now)
            asked = next((at for at, line in enumerate(lines) if line.startswith("? ")), None)
            if asked is not None:
                lines.insert(asked, self._titles[who])  # the window's own, above it
            self._shown[who] += lines
        await self.world.settled()

    async def _in_dialog(self, who: str, message: str, name: str, data: dict[str, Any]) -> None:
        """Ask for a dialog, or send what stands in it; it goes on, or closes with a word."""
        named = {"replyToId": message} if name == "task/fetch" else {}  # Teams says only once where it began
        value = {"data": data, "context": {"theme": "default"}}
        answer = await self._post(who, type="invoke", name=name, value=value, **named)
        task = answer["task"]
        if task["type"] == "continue":
            self._dialogs[who] = (message, task["value"]["card"]["content"])
            self._titles[who] = task["value"]["title"]
        else:
            assert task["value"], "a dialog closes without a word"
            self._dialogs.pop(who, None)
