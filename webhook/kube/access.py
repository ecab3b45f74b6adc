"""Where the API server is, and as whom we talk to it: a pod's own service account, or a kubeconfig."""

from pathlib import Path
from typing import Final

from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException

from webhook.kube.api import Api
from webhook.settings import own_namespace

__all__ = ["AccessError", "connect", "own_namespace"]

_CONNECTIONS: Final = 16
"""More than there are watches, so that a request never waits for one of them to end."""


class AccessError(Exception):
    """There is no way to the API server. The text says what is missing."""


async def connect(kubeconfig: Path | None) -> Api:
    """Prepare to talk to the API server; the caller closes what is returned.

    Args:
        kubeconfig: this file's current context; None for the service account of the pod that this process runs in. Its token is read
            again every minute, since kubelets replace it.

    Raises:
        AccessError: the file cannot be used, or this is no pod.
    """
    if kubeconfig is not None and not kubeconfig.is_file():  # noqa: ASYNC240 (nothing is served yet)
        raise AccessError(f"no access to the API server: {kubeconfig}: no such file")
    configuration = Configuration()
    try:
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await config.load_kube_config(str(kubeconfig), client_configuration=configuration)  # type: ignore[no-untyped-call]
        configuration.connection_pool_maxsize = _CONNECTIONS
        # Requests are tried again where they are made: what may be repeated, and how soon, differs.
        configuration.retries = None
        return Api(ApiClient(configuration))
    except (ConfigException, OSError) as error:
        where = "this process does not run in a pod, and no --kubeconfig is given" if kubeconfig is None else str(kubeconfig)
        raise AccessError(f"no access to the API server: {where}: {error}") from error
    except Exception as error:  # the library takes any file for a kubeconfig, and fails wherever it is none
        raise AccessError(f"no access to the API server: {kubeconfig}: no kubeconfig that can be read") from error
