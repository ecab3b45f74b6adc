"""The words that authors choose among."""

from enum import StrEnum


class Platform(StrEnum):
    """Products whose scheduler places the pods; ``kubernetes`` stands for Kubernetes with its own scheduler."""

    ACK_REGISTERED = "ack-registered"
    ACK_PRO = "ack-pro"
    VKE = "vke"
    KUBERNETES = "kubernetes"


class PoolType(StrEnum):
    """What a pool is made of."""

    IDC = "idc"
    ECS = "ecs"
    ECI = "eci"
    ACS = "acs"
    VCI = "vci"
    AI_NODE = "ai-node"
    VNODE = "vnode"


class Mechanism(StrEnum):
    """By which vendor feature pods get onto their pools."""

    AUTO = "auto"
    NONE = "none"
    AI_NODE = "aiNode"
    ECI_LABEL = "eciLabel"
    VCI_ENFORCE = "vciEnforce"
    RESOURCE_POLICY = "resourcePolicy"
    AFFINITY = "affinity"
    BURST_ANNOTATION = "burstAnnotation"


class Strategy(StrEnum):
    """Whether pods may run outside of their pools."""

    PREFER = "prefer"
    REQUIRE = "require"


class Selection(StrEnum):
    """How a ResourcePolicy finds its pods."""

    DIRECT = "direct"
    MARKER = "marker"


class Advance(StrEnum):
    """When ACK Pro's scheduler tries the next unit (``whenTryNextUnits.policy``), spelled as its page spells it."""

    EXCEED_MAX = "ExceedMax"
    LACK_RESOURCE_OR_EXCEED_MAX = "LackResourceOrExceedMax"
    TIMEOUT_OR_EXCEED_MAX = "TimeoutOrExceedMax"
    LACK_RESOURCE_AND_NO_TERMINATING = "LackResourceAndNoTerminating"
