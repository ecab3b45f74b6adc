"""From a kubeconfig to a client of the Kubernetes API."""

import logging
from importlib import import_module
from pathlib import Path
from typing import Any

from compiler.live.plugin import limited
from compiler.live.problems import LiveError, shown
from compiler.spelling import did_you_mean, listing

EXTRA = "pip install 'overbank[live]'"


def client_of(context: str | None, kubeconfig: str | None, *, deadline: float, timeout: float) -> tuple[Any, str]:
    """Return a client for a context, and the address of its API server as it may be shown.

    Exec plug-ins run here, until ``deadline``, which is ``timeout`` seconds after the beginning. The kubeconfig is never written to.

    Raises:
        LiveError: the Kubernetes client is not installed, or the kubeconfig does not lead to a server.
    """
    try:
        from kubernetes import client  # noqa: PLC0415 - an extra

        config: Any = import_module("kubernetes.config")  # which has no types, though the client has
    except ImportError as error:
        raise LiveError("reading a live cluster needs the Kubernetes client, which is not installed", help=EXTRA) from error
    if kubeconfig is not None and not Path(kubeconfig).is_file():
        raise LiveError(f"there is no kubeconfig {kubeconfig}")
    settings: Any = client.Configuration()
    complaints = _Complaints()
    root = logging.getLogger()
    root.addHandler(complaints)
    try:
        _require_context(config, context, kubeconfig)
        with limited(deadline, timeout):
            config.load_kube_config(config_file=kubeconfig, context=context, client_configuration=settings, persist_config=False)
    except LiveError:
        raise
    except config.ConfigException as error:
        raise LiveError(f"the kubeconfig cannot be used: {_first_line(error)}") from error
    except OSError as error:
        raise LiveError(
            f"the kubeconfig cannot be used: {error.filename or kubeconfig}: {(error.strerror or '').lower()}"
        ) from error
    except Exception as error:  # the client lets through whatever a broken file makes of its parser
        raise LiveError(f"the kubeconfig cannot be read: {type(error).__name__}") from error
    finally:
        root.removeHandler(complaints)
    if complaints.texts:
        raise LiveError(f"the credential plug-in of the kubeconfig failed: {complaints.texts[0]}")
    if not settings.host.startswith(("https://", "http://")):
        raise LiveError(
            f"the kubeconfig's server is no address: `{shown(settings.host)}`", help="write it with its scheme, https://HOST:PORT"
        )
    # One attempt: people retry themselves, and three time-outs are longer than one.
    settings.retries = 0
    return client.ApiClient(settings), shown(settings.host)


def _require_context(config: Any, context: str | None, kubeconfig: str | None) -> None:
    """Find a context that does not exist before the client does, which cannot say what was meant."""
    if context is None:
        return
    try:
        contexts, _ = config.list_kube_config_contexts(config_file=kubeconfig)
    except config.ConfigException:
        return  # as where no context is the current one, which is no reason not to use another
    names = [each["name"] for each in contexts]
    if context not in names:
        advice = "".join(did_you_mean(context, names)) or f"contexts: {listing(names)}"
        raise LiveError(f"the kubeconfig has no context `{context}`", help=advice)


class _Complaints(logging.Handler):
    """Keeps what the client logs of a credential plug-in that fails, since it goes on without credentials."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(_first_line(record.getMessage()))


def _first_line(error: object) -> str:
    """Return the first line of a text, cut: plug-ins may print at length."""
    return next(iter(str(error).strip().splitlines()), "it says nothing")[:300]
