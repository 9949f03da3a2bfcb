"""Encryption at rest: master keys, the database key, and one data key per case.

Master keys come from the settings and never touch the database. They wrap two things: the **database key**, from
which a key per purpose is derived (ballots, messages, the fingerprints of events), and a **data key per case**. So a
new master key means wrapping again, never re-encrypting what stays; and erasing a case's wrapped key erases the case.
What a student tells passes through rows that do not stay: letters and conversations. Those are sealed by a master key
itself, because the database key outlives every master key: with it, a backup would show what was erased since.
What a person carries with them for an hour, in a button, is sealed by a key that is in memory only.
All encryption is AES-256-GCM with a random 96-bit nonce and the row's identity as associated data.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_ID = 4
_HOUR = 3_600_000


class KeyFault(Exception):
    """A key is missing or does not fit the data it should open."""


def new_key() -> str:
    """A fresh master key, as text for a setting: 32 random bytes in base64."""
    return b64encode(secrets.token_bytes(32)).decode()


class Masters:
    """The master keys, newest first: the newest wraps, each of them unwraps."""

    def __init__(self, keys: str) -> None:
        """``keys``: base64 texts of 32 bytes each, separated by commas."""
        try:
            raw = [b64decode(key.strip(), validate=True) for key in keys.split(",")]
        except ValueError as fault:
            raise KeyFault("a master key is not base64") from fault
        if any(len(key) != 32 for key in raw):
            raise KeyFault("a master key is not 32 bytes long")
        self._ciphers = {hashlib.sha256(b"erbij-id" + key).digest()[:_ID]: AESGCM(key) for key in raw}
        self.newest, *older = self._ciphers
        self.older = frozenset(older)
        """By what their wrapped keys begin, like ``newest``."""

    def wrap(self, key: bytes, identity: str) -> bytes:
        """A key, or a text that does not stay, sealed under the newest master for one identity."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._ciphers[self.newest].encrypt(nonce, key, b"wrap:" + identity.encode())
        return self.newest + nonce + sealed

    def unwrap(self, wrapped: bytes, identity: str) -> bytes:
        """The same again. Raises KeyFault when no master fits, or it was wrapped for another identity."""
        cipher = self._ciphers.get(wrapped[:_ID])
        if cipher is None:
            raise KeyFault("the master key this was wrapped with is not among ERBIJ_MASTER_KEY")
        try:
            nonce = wrapped[_ID : _ID + _NONCE]
            return cipher.decrypt(nonce, wrapped[_ID + _NONCE :], b"wrap:" + identity.encode())
        except (InvalidTag, ValueError) as fault:  # the latter where too little is left of it
            raise KeyFault("a wrapped key was changed, or belongs to something else") from fault


class HourKey:
    """Seals what someone carries in a button, to be given back within the hour; nowhere is it written down.

    The key is random and of this process alone. Each hour another one takes its place, and it is forgotten another hour
    later: then nothing that was sealed by it opens any more, for nobody. ``now`` is in ms since 1970.
    """

    def __init__(self) -> None:
        self._keys: list[tuple[int, AESGCM]] = []
        """(since when, key), the newest first; two at the most."""
        self._lock = threading.Lock()

    def seal(self, identity: str, text: bytes, now: int) -> str:
        """A text for one identity, as letters, digits, ``-`` and ``_``: 16 bytes become 64 of them."""
        with self._lock:
            self._forget(now)
            if not self._keys or now - self._keys[0][0] >= _HOUR:
                self._keys.insert(0, (now, AESGCM(AESGCM.generate_key(256))))
            cipher = self._keys[0][1]
        sealed = seal(cipher, identity, (now // 1000).to_bytes(4, "big") + text)
        return urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, identity: str, sealed: str, now: int) -> bytes | None:
        """The text again; None after an hour, in another process, for another identity, or when it was changed."""
        self.forget(now)
        try:
            raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        except ValueError:
            return None
        for _since, cipher in tuple(self._keys):
            try:
                plain = unseal(cipher, identity, raw)
            except KeyFault:
                continue
            return plain[4:] if now - 1000 * int.from_bytes(plain[:4], "big") <= _HOUR else None
        return None

    def forget(self, now: int) -> None:
        """Forget the keys whose time is over."""
        with self._lock:
            self._forget(now)

    def _forget(self, now: int) -> None:
        self._keys = [one for one in self._keys if now - one[0] < 2 * _HOUR]


class Keys:
    """What storage encrypts with once a database is open."""

    def __init__(self, masters: Masters, database_key: bytes) -> None:
        self.masters = masters
        self._root = database_key
        self._purposes: dict[str, AESGCM] = {}
        self._event = self._derive("event")
        self.hour = HourKey()

    def seal(self, purpose: str, identity: str, text: bytes) -> bytes:
        """Encrypt for one purpose and one row."""
        return seal(self._cipher(purpose), identity, text)

    def open(self, purpose: str, identity: str, sealed: bytes) -> bytes:
        """Decrypt; raises KeyFault when the row was changed or swapped."""
        return unseal(self._cipher(purpose), identity, sealed)

    def seal_passing(self, purpose: str, identity: str, text: bytes) -> bytes:
        """Encrypt for one row that does not stay, under the newest master key."""
        return self.masters.wrap(text, f"{purpose}:{identity}")

    def open_passing(self, purpose: str, identity: str, sealed: bytes) -> bytes:
        """Decrypt; raises KeyFault when the row was changed or swapped, or its master key is gone."""
        return self.masters.unwrap(sealed, f"{purpose}:{identity}")

    def pass_on(self, purpose: str, identity: str, sealed: bytes) -> bytes | None:
        """The same under the newest master key; None when it is already, or does not open and so stays as it is."""
        if sealed.startswith(self.masters.newest):
            return None
        try:
            return self.seal_passing(purpose, identity, self.open_passing(purpose, identity, sealed))
        except KeyFault:
            return None

    def fingerprint(self, text: str) -> bytes:
        """16 bytes by which a text is recognised again and from which it cannot be found back."""
        # Keyed BLAKE2: as good as HMAC here, and in a tenth of the time, at every event.
        return hashlib.blake2b(text.encode(), key=self._event, digest_size=16).digest()

    def salt(self, purpose: str) -> bytes:
        """16 secret bytes, the same for the life of the database."""
        return self._derive(purpose)[:16]

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._purposes.get(purpose)
        if cipher is None:
            cipher = self._purposes[purpose] = AESGCM(self._derive(purpose))
        return cipher

    def _derive(self, purpose: str) -> bytes:
        # One HMAC block is HKDF-Expand (RFC 5869) for 32 bytes; the root is already uniformly random.
        return hmac.digest(self._root, b"erbij:" + purpose.encode() + b"\x01", "sha256")


def seal(cipher: AESGCM, identity: str, text: bytes) -> bytes:
    """Nonce and ciphertext of a text that belongs to one identity."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + cipher.encrypt(nonce, text, identity.encode())


def unseal(cipher: AESGCM, identity: str, sealed: bytes) -> bytes:
    """The text again; raises KeyFault when it was changed or belongs to another identity."""
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], identity.encode())
    except (InvalidTag, ValueError) as fault:
        raise KeyFault("a sealed text was changed, or belongs to something else") from fault
