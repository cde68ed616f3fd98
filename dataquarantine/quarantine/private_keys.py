"""How the keys of quarantined records appear in Postgres: by pseudonyms, unless said otherwise."""

from __future__ import annotations

from collections.abc import Collection

from dataquarantine.settings import Settings
from dataquarantine.validation.masking import hash_value


class PrivateKeys:
    """Turns record keys into names that tell equal keys apart and nothing else.

    Made with `pii_key`, or where none is set with the cluster's id: then whoever can guess a key
    and knows the id can confirm the guess.
    Args: public_topics: source topics whose keys are no personal data; theirs stay as they are.
    """

    def __init__(self, secret: bytes, public_topics: Collection[str] = ()) -> None:
        self._secret = secret
        self._public_topics = frozenset(public_topics)

    @classmethod
    def from_settings(cls, settings: Settings) -> PrivateKeys:
        own = settings.pii_key
        secret = own.get_secret_value() if own else settings.cluster_id
        return cls(secret.encode(), settings.public_keys)

    def column(self, topic: str, key: str | None) -> str | None:
        """Say what the column holds for a record of a source topic."""
        if key is None or topic in self._public_topics:
            return key
        return self.pseudonym(key)

    def pseudonym(self, key: str) -> str:
        return hash_value(key, self._secret)

    def pseudonym_of_column(self, topic: str, column: str | None) -> str | None:
        """Say by which pseudonym a row's key is known elsewhere."""
        if column is None or topic not in self._public_topics:
            return column
        return self.pseudonym(column)
