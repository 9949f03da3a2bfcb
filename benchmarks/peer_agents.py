"""The five questions in microsoft-agents-hosting-dialogs, as peers.py asks for them."""

from __future__ import annotations

import json
from typing import Any

import peer
from microsoft_agents import activity
from microsoft_agents.hosting.core import ChannelAdapter, ConversationState, MessageFactory, Storage, TurnContext
from microsoft_agents.hosting.dialogs import DialogSet, DialogState, WaterfallDialog
from microsoft_agents.hosting.dialogs.models import DialogInstance
from microsoft_agents.hosting.dialogs.prompts import NumberPrompt, PromptOptions

KINDS = {kind.__name__: kind for kind in (DialogState, DialogInstance, PromptOptions, activity.Activity)}
"""What dialogs keep beside plain JSON; the library leaves the writing of it to the storage."""


class Sqlite(Storage):
    """State written as JSON, by hand, which is quicker than jsonpickle."""

    def __init__(self, rows: peer.Rows) -> None:
        self._rows = rows

    async def read(self, keys: list[str], *, target_cls: Any, **_: object) -> dict[str, Any]:
        return self._rows.read(keys, lambda raw: target_cls.from_json_to_store_item(json.loads(raw, object_hook=_read)))

    async def write(self, changes: dict[str, Any]) -> None:
        await self._rows.write(
            {key: json.dumps(item.store_item_to_json(), default=_written).encode() for key, item in changes.items()}
        )

    async def delete(self, keys: list[str]) -> None:
        await self._rows.delete(keys)


def _written(value: Any) -> dict[str, Any]:
    plain = isinstance(value, activity.Activity)
    fields = value.model_dump(mode="json", exclude_unset=True) if plain else vars(value)
    return {"@": type(value).__name__, **fields}


def _read(value: dict[str, Any]) -> Any:
    kind = KINDS.get(value.pop("@", ""))
    return value if kind is None else kind(**value)


class Nowhere(peer.Nowhere, ChannelAdapter):
    sent = activity.ResourceResponse


def start(rows: peer.Rows) -> peer.Walk:
    storage, number = Sqlite(rows), NumberPrompt("number")
    check_in = WaterfallDialog("check_in", peer.waterfall(MessageFactory.text, PromptOptions))

    async def logic(context: TurnContext) -> None:
        # Made for each turn, as its own application does: a state keeps the turn's values in itself.
        state = ConversationState(storage)
        dialogs = DialogSet(state.create_property("dialogs")).add(number).add(check_in)
        dialog = await dialogs.create_context(context)
        await dialog.continue_dialog() if dialog.active_dialog else await dialog.begin_dialog("check_in")
        await state.save(context)

    return peer.walk(Nowhere(), logic, TurnContext, activity)


if __name__ == "__main__":
    peer.serve(lambda folder: peer.walks(folder, start))
