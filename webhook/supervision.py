"""Background work that must not take the server down with it: what ends by mistake is logged and started again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from webhook.telemetry.logs import describe, log

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 60.0


async def supervise(name: str, work: Callable[[], Awaitable[object]]) -> NoReturn:
    """Run work that never ends, for ever.

    Args:
        name: for the log.
        work: started again after a pause, ever longer, whenever it ends or raises.
    """
    wait = FIRST_WAIT_SECONDS
    loop = asyncio.get_running_loop()
    while True:
        begun = loop.time()
        try:
            await work()
            log(logging.ERROR, "background work ended", work=name)
        except Exception as error:  # noqa: BLE001 (a defect in what keeps us up to date must not end what answers)
            log(logging.ERROR, "background work failed", work=name, exception=describe(error))
        if loop.time() - begun > LONGEST_WAIT_SECONDS:
            wait = FIRST_WAIT_SECONDS
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)
