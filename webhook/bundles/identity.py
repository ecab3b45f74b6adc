"""Which cluster this is: the UID of its namespace kube-system, which every cluster has and no two clusters share."""

import asyncio
import logging
from typing import Final

from webhook.bundles.trust import Trust
from webhook.kube.api import Api, ApiError
from webhook.telemetry.logs import log

PATH: Final = "/api/v1/namespaces/kube-system"
_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30.0


async def learn(api: Api, trust: Trust) -> None:
    """Ask until there is an answer; it never changes, so that it is not asked for again."""
    wait = _FIRST_WAIT_SECONDS
    while trust.uid is None:
        try:
            found = await api.get(PATH)
            trust.uid = str(found["metadata"]["uid"])
        except (ApiError, KeyError, TypeError) as error:
            text = str(error) if isinstance(error, ApiError) else "the API server's answer has no UID"
            log(logging.WARNING, "the UID of namespace kube-system cannot be read", reason=text)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    trust.asking = False
    trust.known.set()
    # Background work never ends.
    await asyncio.Event().wait()
