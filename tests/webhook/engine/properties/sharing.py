"""What is due to pods of gangs, and to containers that share a GPU."""

from typing import Any

from tests.webhook.engine.keys import GANG_NAME, GANG_SIZE, GPU, GPU_COUNT, GPU_MEMORY
from tests.webhook.engine.oracles import asks
from tests.webhook.engine.properties.pods import map_of
from webhook.engine.fields import Gang, GpuShare
from webhook.engine.policy import Policy

PROMISED = (GANG_NAME, GANG_SIZE, GPU_COUNT)


def gang_of(gang: Gang, pod: dict[str, Any]) -> dict[str, str]:
    """Return the gang labels that are due to a pod which is admitted already; the names that are drawn are plain."""
    labels = map_of(pod, "labels")
    name = labels.get(gang.name_label, "")
    size = str(gang.min_available or "") or labels.get(gang.min_available_label or "", "")
    size = size or map_of(pod, "annotations").get(gang.min_available_annotation or "", "")
    valid = name not in ("", "No_Name") and size.isdigit() and int(size) > 0
    return {GANG_NAME: name, GANG_SIZE: size} if valid else {}


def sharing_of(share: GpuShare, pod: dict[str, Any]) -> dict[str, Any] | None:
    """Return the container that gets a share."""
    containers = pod["spec"].get("containers") or []
    named = [each for each in containers if each["name"] == share.container] if share.container else containers
    if len(named) > 1 and not share.container:
        named = [each for each in named if amounts_of(each, GPU_MEMORY)]
    if not named or (len(named) > 1 and not share.container):
        return None
    return None if asks({"spec": {"containers": [named[0]]}}, GPU) else named[0]


def amounts_of(container: dict[str, Any], resource: str) -> dict[str, str]:
    """Return a container's amounts of a resource, as limit and as request."""
    resources = container.get("resources") or {}
    return {half: str(resources[half][resource]) for half in ("limits", "requests") if resource in (resources.get(half) or {})}


def feature_of(policies: list[Policy], name: str) -> Any:
    """Return what the highest policy that has it wants of a feature of scheduling."""
    wanted = [getattr(policy.scheduling, name) for policy in policies if policy.scheduling]
    return next((each for each in wanted if each), None)
