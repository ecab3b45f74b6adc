"""AdmissionReview ``admission.k8s.io/v1`` <-> typed Request and Response: the envelope, and nothing of what is decided.

In: one pass decodes the envelope and the pod's owned fields together. Only if that fails is the body decoded again, without
looking into ``object``, so that a review which is none of our business is let through whatever its object looks like, and one
which cannot be read is answered with its uid. Parts of the pod that few decisions need are decoded when one does.

Out: ``allowed``, ``patched``, ``denied`` and ``errored`` are the only way to answer. They keep the rules by which the API server
accepts an answer (apiserver ``pkg/admission/plugin/webhook/request/admissionreview.go``, ``VerifyAdmissionResponse``): the uid is
echoed; ``patch`` and ``patchType`` come both or not at all; the only patch type is ``JSONPatch``; the patch is base64.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from webhook.engine import patch
from webhook.engine.patch import Operation
from webhook.engine.pod import Pod

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"

_Uid = Annotated[str, Meta(min_length=1)]


class MalformedReviewError(Exception):
    """The body is no review that can be decided about. The text says why and quotes nothing of the body's values.

    Attributes:
        uid: the uid to answer to, None where none could be read.
    """

    def __init__(self, message: str, uid: str | None = None) -> None:
        super().__init__(message)
        self.uid = uid


class Resource(Struct, frozen=True, gc=False):
    """A meta/v1 GroupVersionResource; the group of core/v1 is empty."""

    resource: str
    group: str = ""


class _Envelope(Struct, frozen=True, gc=False, rename="camel"):
    """The part of an AdmissionRequest that says what is being done, and to what."""

    uid: _Uid
    operation: str
    resource: Resource
    namespace: str = ""
    sub_resource: str = ""

    @property
    def creates_pod(self) -> bool:
        """Say whether this is the creation of a pod itself, not of one of its subresources (``pods/binding``, ``pods/eviction``)."""
        return self.operation == "CREATE" and self.resource.resource == "pods" and not self.resource.group and not self.sub_resource


class Request(_Envelope, frozen=True, gc=False, rename="camel"):
    """The part of an AdmissionRequest that decisions read.

    Attributes:
        uid: identifies this call; the answer must carry it.
        operation: ``CREATE``, ``UPDATE``, ``DELETE`` or ``CONNECT``.
        namespace: the namespace of the request; the object's own may be empty.
        sub_resource: for example ``binding``; empty for the resource itself.
        object: the object of the request; ``decode`` makes sure that it is there where a pod is created.
    """

    object: Pod | None = None

    @property
    def created_pod(self) -> Pod | None:
        """The pod that is being created, None where the request is anything else."""
        return self.object if self.creates_pod else None


class _RawRequest(_Envelope, frozen=True, gc=False, rename="camel"):
    object: Raw = Raw(b"null")


class _Review(Struct, frozen=True, gc=False, rename="camel"):
    request: Request
    api_version: str = ""
    kind: str = ""


class _RawReview(Struct, frozen=True, gc=False, rename="camel"):
    request: _RawRequest
    api_version: str = ""
    kind: str = ""


class _Identity(Struct, frozen=True):
    uid: _Uid


class _IdentityReview(Struct, frozen=True):
    request: _Identity


UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What decoding raises: a nesting that is too deep and text that is no UTF-8 are reported by exceptions of Python's own."""

_decode_review = msgspec.json.Decoder(_Review).decode
_decode_raw_review = msgspec.json.Decoder(_RawReview).decode
_decode_identity = msgspec.json.Decoder(_IdentityReview).decode


def decode(body: bytes) -> Request:
    """Read an AdmissionReview.

    Raises:
        MalformedReviewError: not JSON, no AdmissionReview v1, without a request, or a pod creation whose pod cannot be read.
    """
    try:
        review = _decode_review(body)
    except UNREADABLE as error:
        return _decode_without_object(body, error)
    request = review.request
    _verify(review.api_version, review.kind, request.uid)
    if request.object is None and request.creates_pod:
        raise MalformedReviewError("a pod is created, but request.object is missing", request.uid)
    return request


def _decode_without_object(body: bytes, cause: Exception) -> Request:
    """Read a review whose object is no pod that can be read; ``cause`` is what was wrong with it."""
    try:
        review = _decode_raw_review(body)
    except UNREADABLE as error:
        raise MalformedReviewError(_describe(error), _uid(body)) from error
    request = review.request
    _verify(review.api_version, review.kind, request.uid)
    if request.creates_pod:
        raise MalformedReviewError(_describe(cause), request.uid) from cause
    return Request(
        uid=request.uid,
        operation=request.operation,
        resource=request.resource,
        namespace=request.namespace,
        sub_resource=request.sub_resource,
    )


def unreadable(error: Exception, uid: str) -> MalformedReviewError:
    """Return what to raise where a part of the pod that is decoded on demand turned out to be unreadable."""
    return MalformedReviewError(_describe(error), uid)


def _verify(api_version: str, kind: str, uid: str) -> None:
    if api_version != API_VERSION or kind != KIND:
        raise MalformedReviewError(f"the body is no {KIND} of {API_VERSION}; list v1 in admissionReviewVersions", uid)


def _uid(body: bytes) -> str | None:
    try:
        return _decode_identity(body).request.uid
    except UNREADABLE:
        return None


def _describe(error: Exception) -> str:
    """Say what is wrong by place and type; msgspec quotes no values of the types that are decoded here."""
    if isinstance(error, msgspec.MsgspecError):
        return f"the body is no readable {KIND}: {error}"
    if isinstance(error, UnicodeDecodeError):
        return f"the body is no readable {KIND}: not UTF-8"
    return f"the body is no readable {KIND}: nested too deeply"


class Status(Struct, frozen=True):
    """The part of a meta/v1 Status that an answer uses.

    Attributes:
        code: an HTTP status code; for a denial it becomes the code of the user's own request.
        message: a sentence for the user.
    """

    code: int
    message: str


class Response(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An AdmissionResponse. Do not construct it: call ``allowed``, ``patched``, ``denied`` or ``errored``."""

    uid: str
    allowed: bool
    patch_type: str | None = None
    patch: bytes | None = None
    audit_annotations: Mapping[str, str] | None = None
    warnings: Sequence[str] | None = None
    status: Status | None = None


class _Answer(Struct, frozen=True, rename="camel"):
    api_version: str
    kind: str
    response: Response


_encode = msgspec.json.Encoder().encode


def allowed(uid: str, *, warnings: Sequence[str] = (), audit: Mapping[str, str] | None = None) -> Response:
    """Let the object pass as it is.

    Args:
        uid: of the request.
        warnings: sentences for the user, sent only if there are any.
        audit: audit annotations, keys without a prefix (the API server puts the webhook's name before them); sent only if there are any.
    """
    return Response(uid=uid, allowed=True, warnings=warnings or None, audit_annotations=audit or None)


def patched(
    uid: str, operations: list[Operation], *, warnings: Sequence[str] = (), audit: Mapping[str, str] | None = None
) -> Response:
    """Let the object pass with changes. ``warnings`` and ``audit`` are as for ``allowed``.

    Raises:
        ValueError: there are no operations; a patch type without a patch is refused by the API server.
    """
    if not operations:
        raise ValueError("a patch needs operations; without any the answer is allowed()")
    return Response(
        uid=uid,
        allowed=True,
        patch_type="JSONPatch",
        patch=patch.encode(operations),
        warnings=warnings or None,
        audit_annotations=audit or None,
    )


def denied(
    uid: str, message: str, *, code: int = 403, warnings: Sequence[str] = (), audit: Mapping[str, str] | None = None
) -> Response:
    """Refuse the object because a policy says so; the user reads ``message``. The rest is as for ``allowed``."""
    return Response(
        uid=uid, allowed=False, status=Status(code, message), warnings=warnings or None, audit_annotations=audit or None
    )


def errored(uid: str, code: int, message: str) -> Response:
    """Refuse to decide: ``code`` is the HTTP status that goes with the answer, at or above 400."""
    return Response(uid=uid, allowed=False, status=Status(code, message))


def encode(response: Response) -> bytes:
    """Return the bytes of the AdmissionReview that answers with ``response``."""
    return _encode(_Answer(API_VERSION, KIND, response))
