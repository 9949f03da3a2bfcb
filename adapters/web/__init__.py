"""The web: the try-out's chat, and the case page that needs no account and no JavaScript."""

from adapters.web.adapter import WebAdapter
from adapters.web.tryout import Account, TryOut

__all__ = ["Account", "TryOut", "WebAdapter"]
