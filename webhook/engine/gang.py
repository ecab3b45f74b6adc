"""Gangs: pods that are scheduled together or not at all, told by two labels of which the scheduler makes the PodGroup.

Names and sizes stand in the pod already, since controllers write them there: the job's name as a label, the number of replicas as a
label or an annotation. A gang of a wrong name or size would never be scheduled, so where the source is unusable neither label is
written. Source: the vendor page on gang scheduling; a PodGroup's name is a DNS-1123 subdomain.
"""

import re
from collections.abc import Mapping
from typing import Final

from webhook.engine.fields import Gang
from webhook.engine.notes import quoted

NAME_LABEL: Final = "pod-group.scheduling.sigs.k8s.io/name"
SIZE_LABEL: Final = "pod-group.scheduling.sigs.k8s.io/min-available"

MAX_NAME: Final = 63
"""A label's value is no longer (apimachinery, ``LabelValueMaxLength``); a DNS-1123 subdomain could be."""

MAX_SIZE: Final = 2**31 - 1
"""``minMember`` of a PodGroup is an int32."""

_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_POSITIVE: Final = re.compile(r"[1-9][0-9]{0,9}")


class UnusableSourceError(Exception):
    """The pod does not say to which gang it belongs; the text says what is wrong."""


def resolve(gang: Gang, labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a pod's gang.

    Args:
        gang: where its name and size stand.
        labels: of the pod, as they are going to be.
        annotations: likewise.

    Raises:
        UnusableSourceError: a source is missing, or has no valid value.
    """
    return {NAME_LABEL: _name(gang, labels), SIZE_LABEL: _size(gang, labels, annotations)}


def _name(gang: Gang, labels: Mapping[str, str]) -> str:
    field = f"metadata.labels[{gang.name_label}]"
    name = labels.get(gang.name_label)
    if not name:
        raise UnusableSourceError(f"{field}, which names the gang, is missing")
    if len(name) > MAX_NAME or not _SUBDOMAIN.fullmatch(name):
        raise UnusableSourceError(
            f"{field} is {quoted(name)}, and a gang is named by a DNS-1123 subdomain of at most {MAX_NAME} characters"
        )
    return name


def _size(gang: Gang, labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    if gang.min_available is not None:
        return str(gang.min_available)
    if gang.min_available_label is not None:
        field, size = f"metadata.labels[{gang.min_available_label}]", labels.get(gang.min_available_label)
    else:
        key = gang.min_available_annotation or ""
        field, size = f"metadata.annotations[{key}]", annotations.get(key)
    if not size:
        raise UnusableSourceError(f"{field}, which says how many pods the gang needs, is missing")
    if not _POSITIVE.fullmatch(size) or int(size) > MAX_SIZE:
        raise UnusableSourceError(f"{field} is {quoted(size)}, and a gang needs a positive whole number of pods")
    return size
