"""All that this room does with the Kubernetes API, as one work: if any of it fails, all of it begins anew."""

import asyncio
from collections.abc import Callable

from webhook.bundles.config_maps import Watched, follow_bundle, follow_switch
from webhook.bundles.events import Events
from webhook.bundles.keeper import Keeper
from webhook.kube.api import Api
from webhook.kube.reflector import Pace


async def follow(
    api: Api,
    keeper: Keeper,
    *,
    namespace: str,
    bundle: str | None,
    switch: str | None,
    heard: Callable[[], None],
    pace: Pace | None = None,
) -> None:
    """Follow the ConfigMaps with the bundle and with the emergency switch, for ever.

    Args:
        api: the API server.
        keeper: told what is found.
        namespace: where both are.
        bundle: the name of the one with the bundle, None where bundles come from elsewhere.
        switch: the name of the one with the switch, likewise.
        heard: called whenever the switch is known.
        pace: of the watches.
    """
    sources = {name: Watched(api=api, namespace=namespace, name=name, pace=pace or Pace()) for name in (bundle, switch) if name}
    events = Events(references={each.place: lambda each=each: each.reference for each in sources.values()})  # type: ignore[misc]
    keeper.tell = events.tell
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(events.send(api))
        for each in sources.values():
            tasks.create_task(each.watch())
        # First what switches off: no decision should be made that it would have prevented.
        if switch:
            tasks.create_task(follow_switch(sources[switch], keeper, heard))
        if bundle:
            keeper.look_again = sources[bundle].look_again
            tasks.create_task(follow_bundle(sources[bundle], keeper))
