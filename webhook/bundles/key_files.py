"""Public keys in files: read at the start, and followed while they change.

Several files are one whole, and each may be written in place; so what is found counts when two looks in a row find the same.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path

from webhook.bundles.files import POLL_SECONDS
from webhook.bundles.keeper import Keeper
from webhook.bundles.keys import KeyFileError, Keys, read_keys
from webhook.telemetry.logs import log


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Files of public keys, of which one must have signed a bundle; none where signatures are not looked at."""

    paths: tuple[Path, ...]

    def read(self) -> Keys:
        """Read all of them.

        Raises:
            KeyFileError: one cannot be read, or holds something else.
        """
        keys: Keys = {}
        for path in self.paths:
            keys.update(read_keys(path))
        return keys

    async def follow(self, keeper: Keeper) -> None:
        """Heed every change, for ever. While a file cannot be used, the last good keys of all files count."""
        previous: Keys | str = ""
        reported = ""
        while True:
            found: Keys | str
            try:
                found = await asyncio.to_thread(self.read)
            except KeyFileError as error:
                found = str(error)
            if found != previous:
                previous = found
            elif isinstance(found, str):
                if found != reported:
                    reported = found
                    keeper.gauges.keys_failed()
                    log(logging.ERROR, "public keys cannot be read", problem=found, kept=sorted(keeper.trust.keys))
            else:
                reported = ""
                if found != keeper.trust.keys:
                    log(logging.INFO, "public keys changed", keys=sorted(found), before=sorted(keeper.trust.keys))
                    keeper.gauges.rekeyed()
                    keeper.rekey(found)
                keeper.gauges.keys_settled()
            await asyncio.sleep(POLL_SECONDS)
