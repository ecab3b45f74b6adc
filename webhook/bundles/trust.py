"""Whether a bundle may decide here: its signature, and whether it is for this cluster."""

import asyncio
from dataclasses import dataclass, field

from webhook.bundles.content import Content
from webhook.bundles.keys import Keys, verify
from webhook.bundles.store import Identity
from webhook.engine.bundle import MAX_BUNDLE_BYTES, Bundle, BundleError, Reason, decode


@dataclass(slots=True, kw_only=True)
class Trust:
    """What is asked of a bundle.

    Attributes:
        keys: one of them must have signed; empty where signatures are not looked at. Replaced as a whole.
        cluster: the name that the bundle's cluster must have, None for any.
        uid: the UID of namespace kube-system here, None where it is not known.
        asking: whether ``uid`` is asked of the API server and not known yet; ``known`` is set as soon as it is.
    """

    keys: Keys = field(default_factory=dict)
    cluster: str | None = None
    uid: str | None = None
    asking: bool = False
    known: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self, content: Content) -> tuple[Bundle, str]:
        """Return the bundle, and the name of the key that signed it; empty where none is asked for.

        Raises:
            BundleError: the content is no bundle that can be trusted.
        """
        if len(content.raw) > MAX_BUNDLE_BYTES:
            raise BundleError(f"larger than {MAX_BUNDLE_BYTES // 1024**2} MiB, which no bundle is", Reason.TOO_LARGE)
        keys = self.keys  # the event loop may replace them
        key, digest = verify(keys, content.raw, content.signature) if keys else ("", None)
        bundle = decode(content.raw)
        # `decode` has taken the digest of what it read. If that is the digest of what was signed, then no two readers of JSON disagree.
        if digest is not None and bundle.digest != digest:
            raise BundleError("the signed bytes and the bundle are not the same", Reason.SIGNATURE)
        return bundle, key

    def identify(self, bundle: Bundle) -> Identity | None:
        """Say whether a bundle is for this cluster, None where that can only be said later.

        Raises:
            BundleError: it is for another one.
        """
        declared = bundle.cluster
        if self.cluster is not None and declared.name != self.cluster:
            raise BundleError(f"the bundle is for cluster {declared.name}, and this is {self.cluster}", Reason.CLUSTER)
        if not declared.uid:
            return Identity.UNDECLARED
        if self.uid is None:
            return None if self.asking else Identity.UNCHECKED
        if declared.uid != self.uid:
            raise BundleError(
                f"the bundle is for the cluster {declared.name} whose kube-system has the UID {declared.uid}, and here it is {self.uid}",
                Reason.CLUSTER,
            )
        return Identity.CHECKED
