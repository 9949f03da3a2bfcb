"""The five questions in botbuilder-dialogs, as peers.py asks for them."""

from __future__ import annotations

import jsonpickle
import peer
from botbuilder import schema
from botbuilder.core import BotAdapter, ConversationState, MessageFactory, Storage, TurnContext
from botbuilder.dialogs import DialogSet, WaterfallDialog
from botbuilder.dialogs.prompts import NumberPrompt, PromptOptions


class Sqlite(Storage):
    """State written as its own storages write it."""

    def __init__(self, rows: peer.Rows) -> None:
        self._rows = rows

    async def read(self, keys: list[str]) -> dict[str, object]:
        return self._rows.read(keys, jsonpickle.decode)

    async def write(self, changes: dict[str, object]) -> None:
        await self._rows.write({key: jsonpickle.encode(value).encode() for key, value in changes.items()})

    async def delete(self, keys: list[str]) -> None:
        await self._rows.delete(keys)


class Nowhere(peer.Nowhere, BotAdapter):
    sent = schema.ResourceResponse


def start(rows: peer.Rows) -> peer.Walk:
    state = ConversationState(Sqlite(rows))
    dialogs = DialogSet(state.create_property("dialogs"))
    dialogs.add(NumberPrompt("number"))
    dialogs.add(WaterfallDialog("check_in", peer.waterfall(MessageFactory.text, PromptOptions)))

    async def logic(context: TurnContext) -> None:
        dialog = await dialogs.create_context(context)
        await dialog.continue_dialog() if dialog.active_dialog else await dialog.begin_dialog("check_in")
        await state.save_changes(context)

    return peer.walk(Nowhere(), logic, TurnContext, schema)


if __name__ == "__main__":
    peer.serve(lambda folder: peer.walks(folder, start))
