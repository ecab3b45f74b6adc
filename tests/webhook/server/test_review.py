"""The envelope: what is read, what is refused, and that answers keep the API server's rules."""

import base64
import json
from typing import Any

import pytest

from tests.webhook.server.reviews import UID, MakeReview, encoded
from webhook import review
from webhook.engine.patch import Add, Operation
from webhook.review import MalformedReviewError


def test_reads_what_decisions_need(make_review: MakeReview, pod: dict[str, Any]) -> None:
    """A pod creation is read in one pass, with the pod as the engine sees it."""
    request = review.decode(encoded(make_review(pod)))
    assert (request.uid, request.operation, request.namespace) == (UID, "CREATE", "default")
    assert request.created_pod is not None
    assert request.created_pod.spec.scheduler_name == "default-scheduler"


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "UPDATE"},
        {"operation": "DELETE", "object": None},
        {"operation": "CONNECT"},
        {"subResource": "binding"},
        {"resource": {"group": "apps", "version": "v1", "resource": "deployments"}},
        {"resource": {"group": "metrics.k8s.io", "version": "v1beta1", "resource": "pods"}},
    ],
)
@pytest.mark.parametrize("obj", [{"spec": {}}, {"spec": "not what a pod has there"}, [], None])
def test_reads_what_is_none_of_our_business(make_review: MakeReview, changes: dict[str, Any], obj: Any) -> None:
    """Anything but the creation of a pod is read whatever its object looks like."""
    request = review.decode(encoded(make_review(**({"object": obj} | changes))))
    assert request.uid
    assert request.created_pod is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"null", "Expected `object`, got `null`"),
        (b"[" * 100_000, "Expected `object`"),
        (b"{}", "missing required field `request`"),
        (b'{"request": null}', "Expected `object`, got `null`"),
        (b'{"request": {}}', "missing required field `uid`"),
        (b'{"request": {"uid": ""}}', "length >= 1"),
        (b'{"request": {"uid": "\xff"}}', "not UTF-8"),
        (b'{"request": {"uid": ' + b"[" * 100_000, "Expected `str`"),
        (b'{"x": ' + b"[" * 100_000, "nested too deeply"),
    ],
)
def test_refuses_what_cannot_be_answered_to(body: bytes, reason: str) -> None:
    """A body without a readable uid is refused with the reason, and without a uid."""
    with pytest.raises(MalformedReviewError, match=reason) as caught:
        review.decode(body)
    assert caught.value.uid is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"apiVersion": "admission.k8s.io/v1beta1"}, "admissionReviewVersions"),
        ({"apiVersion": None}, "str"),
        ({"kind": "ConversionReview"}, "no AdmissionReview"),
    ],
)
def test_refuses_other_reviews(make_review: MakeReview, pod: dict[str, Any], change: dict[str, Any], reason: str) -> None:
    """Another version or kind is refused to its uid, with a word on how to send the right one."""
    with pytest.raises(MalformedReviewError, match=reason) as caught:
        review.decode(encoded(make_review(pod) | change))
    assert caught.value.uid == UID


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"object": None}, r"request\.object is missing"),
        ({"object": {"metadata": {}}}, "missing required field `spec`"),
        (
            {"object": {"spec": {"tolerations": "secret"}}},
            r"Expected `array \| null`, got `str` - at `\$\.request\.object\.spec\.tolerations`",
        ),
        ({"operation": 7}, r"\$\.request\.operation"),
        ({"resource": None}, "resource"),
    ],
)
def test_refuses_unreadable_creations(make_review: MakeReview, changes: dict[str, Any], reason: str) -> None:
    """A pod creation that cannot be read is refused to its uid, by place and type and without the value."""
    with pytest.raises(MalformedReviewError, match=reason) as caught:
        review.decode(encoded(make_review(**changes)))
    assert caught.value.uid == UID
    assert "secret" not in str(caught.value)


def test_allowed_says_no_more_than_that() -> None:
    """An answer without changes has no patch, no patch type and no empty members."""
    assert json.loads(review.encode(review.allowed("u"))) == {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": "u", "allowed": True},
    }


def test_patched_carries_the_patch_in_base64() -> None:
    """An answer with changes has both patch and patch type, the patch as base64 of its JSON."""
    operations: list[Operation] = [Add("/metadata/labels/a~1b", "ü")]
    answer = json.loads(review.encode(review.patched("u", operations, warnings=["w"], audit={"applied": "p@1"})))["response"]
    assert json.loads(base64.b64decode(answer.pop("patch"), validate=True)) == [
        {"op": "add", "path": "/metadata/labels/a~1b", "value": "ü"}
    ]
    assert answer == {
        "uid": "u",
        "allowed": True,
        "patchType": "JSONPatch",
        "warnings": ["w"],
        "auditAnnotations": {"applied": "p@1"},
    }


def test_patched_without_operations_cannot_be_said() -> None:
    """A patch type without a patch, which the API server refuses, cannot be constructed."""
    with pytest.raises(ValueError, match=r"allowed\(\)"):
        review.patched("u", [])


def test_denied_tells_the_user_why() -> None:
    """A denial carries the code of the user's own request and the reason."""
    answer = json.loads(review.encode(review.denied("u", "no GPU on AI nodes", warnings=["w"])))["response"]
    assert answer == {"uid": "u", "allowed": False, "status": {"code": 403, "message": "no GPU on AI nodes"}, "warnings": ["w"]}


def test_errored_carries_its_status() -> None:
    """An error is an answer too, with its code."""
    answer = json.loads(review.encode(review.errored("u", 500, "failed")))["response"]
    assert answer == {"uid": "u", "allowed": False, "status": {"code": 500, "message": "failed"}}
