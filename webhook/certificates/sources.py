"""Where the certificate of the admission port comes from, by the settings: made for this run, from files, or from a Secret."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from webhook.certificates import clients
from webhook.certificates.files import Contents, follow, from_contents, read
from webhook.certificates.holder import Holder
from webhook.certificates.issuing import self_signed
from webhook.certificates.measures import Source
from webhook.settings import Settings

Work = Callable[[], Awaitable[object]]


def begin(settings: Settings, holder: Holder, background: dict[str, Work]) -> bytes | None:
    """Give the holder what it serves, as far as that is known before anything runs.

    Args:
        settings: one source, and who may connect.
        holder: has neither yet.
        background: gets the work that keeps both up to date.

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
            follow, paths, contents, take, functools.partial(holder.failed, Source.FILES)
        )
        return None
    made = self_signed(settings.host, settings.namespace)
    holder.serve(made, Source.SELF_SIGNED)
    return made.authority


def _clients(path: Path, names: Sequence[str], holder: Holder, background: dict[str, Work]) -> None:
    def take(found: Contents) -> None:
        holder.admit(clients.parse(found[0], names, name=path))

    contents = read((path,))
    take(contents)
    background["client authorities"] = functools.partial(
        follow, (path,), contents, take, functools.partial(holder.failed, Source.CLIENT_CA)
    )
