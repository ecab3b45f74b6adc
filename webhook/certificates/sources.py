"""Where the certificate of the admission port comes from, by the settings: made for this run, from files, or from a Secret."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from webhook.certificates import clients
from webhook.certificates.files import Contents, follow, from_contents, read
from webhook.certificates.holder import Holder
from webhook.certificates.issuing import names, self_signed
from webhook.certificates.measures import Source
from webhook.settings import Settings

if TYPE_CHECKING:
    from webhook.certificates.keeper import Keeper
    from webhook.kube.api import Api

Work = Callable[[], Awaitable[object]]


def begin(settings: Settings, holder: Holder, background: dict[str, Work], api: "Callable[[], Api]") -> bytes | None:
    """Give the holder what it serves, as far as that is known before anything runs.

    Args:
        settings: one source, and who may connect.
        holder: has neither yet.
        background: gets the work that keeps both up to date.
        api: called only by that work, and only where the settings name a Secret.

    Returns:
        PEM of the authority that was made for this run, None where the authority is another.

    Raises:
        TlsError: a file is missing, or what it holds is of no use.
    """
    holder.judge()
    background["certificate expiry"] = holder.run
    if settings.client_ca:
        _clients(settings.client_ca, settings.client_names, holder, background)
    if settings.certificate and settings.key:
        paths = (settings.certificate, settings.key)
        contents = read(paths)
        holder.serve(from_contents(contents, paths), Source.FILES)

        def take(found: Contents) -> None:
            holder.serve(from_contents(found, paths, holder.now()), Source.FILES)

        background["certificate files"] = functools.partial(
            follow,
            paths,
            contents,
            take,
            functools.partial(holder.failed, Source.FILES),
            functools.partial(holder.metrics.settled, Source.FILES),
        )
        return None
    if settings.tls_secret:
        background["certificate secret"] = _secret(settings, settings.tls_secret, holder, api)
        return None
    made = self_signed(settings.host, settings.namespace)
    holder.serve(made, Source.SELF_SIGNED)
    return made.authority


def _secret(settings: Settings, name: str, holder: Holder, api: "Callable[[], Api]") -> Work:
    """Return the work that keeps a certificate in a Secret. Started again, it goes on with what it knew."""
    keepers: list[Keeper] = []

    async def keep() -> None:
        from webhook.certificates.keeper import Keeper  # noqa: PLC0415 (brings the Kubernetes client with it)

        if not keepers:
            keeper = Keeper(
                api=api(),
                namespace=settings.namespace,
                name=name,
                configurations=settings.webhook_configurations,
                names=names(settings.namespace),
                holder=holder,
            )
            keepers.append(keeper)
        await keepers[0].run()

    return keep


def _clients(path: Path, wanted: Sequence[str], holder: Holder, background: dict[str, Work]) -> None:
    def take(found: Contents) -> None:
        holder.admit(clients.parse(found[0], wanted, name=path))

    contents = read((path,))
    take(contents)
    background["client authorities"] = functools.partial(
        follow,
        (path,),
        contents,
        take,
        functools.partial(holder.failed, Source.CLIENT_CA),
        functools.partial(holder.metrics.settled, Source.CLIENT_CA),
    )
