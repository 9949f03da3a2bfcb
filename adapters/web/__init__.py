"""The web: the try-out's chat, and the case page that needs no account and no JavaScript."""
