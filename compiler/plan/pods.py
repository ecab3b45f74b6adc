"""The pods of a scenario on each cluster: which policy owns their placement, what they ask for, and what they tolerate.

With a pod, the engine decides, as it would in the cluster. Without one, only what is certain without a pod is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose
from compiler.model import Cluster, Scope
from compiler.plan.asking import asked
from compiler.plan.compiled import Compiled
from compiler.plan.scenario import Scenario
from compiler.policytest import CaseError, manifest_pods
from compiler.resolve import Binding, Resolved
from compiler.source import Where
from compiler.sources import Source
from compiler.spelling import listing
from compiler.trial import Bench, NotAPodError, Trial
from compiler.workloads import NotAWorkloadError, TemplatePod
from webhook.engine.pod import PodToleration
from webhook.engine.policy import ALL_WORKLOADS
from webhook.engine.rollout import position


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The workload that is planned."""

    namespace: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """The pods of a workload on one cluster.

    Attributes:
        binding: the policy that owns their placement there, None where none does.
        kind: the workload's kind.
        requests: what a pod asks for, by resource, None where no pod is known. tolerations: likewise.
        assumptions: what is taken for granted about the policy.
    """

    cluster: Cluster
    binding: Binding | None
    kind: str
    requests: dict[str, Decimal] | None
    tolerations: tuple[PodToleration, ...] | None
    assumptions: tuple[str, ...] = ()


class GuestError(Exception):
    """It cannot be known where the pods go; ``diagnostic`` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def guests(scenario: Scenario, clusters: Sequence[Cluster], subject: Subject, compiled: Compiled) -> list[Guest]:
    """Return the pods on each of the clusters.

    Raises:
        GuestError: the pod cannot be used, or it is not clear which policy places it.
    """
    if subject.namespace in compiled.resolved.model.repository.webhook.excluded_namespaces:
        message = f"no policy places pods in namespace `{subject.namespace}`: it is excluded (`webhook.excludeNamespaces`)"
        raise GuestError(diagnose(codes.POOLS_OF, _subject(scenario), message))
    if scenario.file is None and scenario.inline is None:
        found = [_by_namespace(scenario, cluster, subject, compiled.resolved) for cluster in clusters]
    else:
        template = _template(scenario, compiled.source)
        found = [_by_pod(scenario, cluster, subject, compiled, template) for cluster in clusters]
    if all(guest.binding is None for guest in found):
        raise GuestError(_nobody(scenario, clusters, subject))
    return found


def _by_namespace(scenario: Scenario, cluster: Cluster, subject: Subject, resolved: Resolved) -> Guest:
    placing = [binding for binding in resolved.of(cluster) if binding.pools and not binding.policy.audit]
    holding = [binding for binding in placing if _holds(binding.scope, subject.namespace, cluster)]
    if scenario.policy:
        holding = [binding for binding in holding if binding.policy.name == scenario.policy]
    else:
        holding = [binding for binding in holding if binding.policy.rollout and (scenario.cluster or _reaches(binding, subject))]
    if len(holding) > 1:
        names = [binding.policy.name for binding in holding]
        message = f"several policies place pods in namespace `{subject.namespace}` of cluster `{cluster.name}`: {listing(names)}"
        related = [(binding.policy.at_name(), "one of them") for binding in holding]
        advice = ["say which one is meant, `policy: NAME`, or show a pod, `pod: {file: …}`"]
        raise GuestError(diagnose(codes.POOLS_OF, _subject(scenario), message, related=related, help=advice))
    binding = holding[0] if holding else None
    assumptions: tuple[str, ...] = ()
    if binding and not (scenario.placement and _reaches(binding, subject)) and binding.policy.rollout < ALL_WORKLOADS:
        part = f"{binding.policy.rollout / 100:g} % of the workloads"
        assumptions = (f"policy {binding.policy.name} is rolled out to {part}, and this one is taken to be among them",)
    return Guest(cluster=cluster, binding=binding, kind=subject.kind, requests=None, tolerations=None, assumptions=assumptions)


def _reaches(binding: Binding, subject: Subject) -> bool:
    """Say whether a policy that is being rolled out has come to the workload."""
    policy = binding.policy
    return policy.rollout >= ALL_WORKLOADS or position(policy.name, subject.namespace, subject.name) < policy.rollout


def _holds(scope: Scope, namespace: str, cluster: Cluster) -> bool:
    if scope.all or namespace in scope.names:
        return True
    labels = cluster.namespaces.get(namespace)
    return scope.selector is not None and labels is not None and scope.selector.matches(labels)


def _template(scenario: Scenario, source: Source) -> TemplatePod:
    where = scenario.at("spec", "pod")
    try:
        found = manifest_pods(scenario.document, scenario.file, scenario.inline, source)
    except (CaseError, NotAWorkloadError) as error:
        advice = ["the path is relative to the file of the scenario"] if scenario.file else []
        raise GuestError(diagnose(codes.POD, where, f"the pod cannot be used: {error}", help=advice)) from error
    if len(found) != 1:
        roles = listing([template.role for template in found])
        advice = ["a plan is about the replicas of one pod template; make a scenario for each"]
        raise GuestError(diagnose(codes.POD, where, f"the workload has {len(found)} pod templates: {roles}", help=advice))
    return found[0]


def _by_pod(scenario: Scenario, cluster: Cluster, subject: Subject, compiled: Compiled, template: TemplatePod) -> Guest:
    where = scenario.at("spec", "pod")
    try:
        lowered = next(each for each in compiled.clusters if each.name == cluster.name)
        trial = Bench(lowered).admit(template.pod, subject.namespace)
    except NotAPodError as error:
        raise GuestError(diagnose(codes.POD, where, f"the pod cannot be used: {error}")) from error
    if trial.decision.denied:
        message = f"cluster `{cluster.name}` denies the pod: {trial.decision.denied[0]}"
        raise GuestError(diagnose(codes.POD, where, message, notes=trial.decision.denied[1:]))
    owner = trial.decision.owner
    if scenario.policy and owner not in (None, scenario.policy):
        message = f"on cluster `{cluster.name}` policy `{owner}` places the pod, not `{scenario.policy}`"
        raise GuestError(diagnose(codes.POOLS_OF, scenario.at("spec", "policy"), message, help=["take `policy` or `pod` out"]))
    return Guest(
        cluster=cluster,
        binding=next((binding for binding in compiled.resolved.of(cluster) if binding.policy.name == owner), None),
        kind=_kind(trial, subject),
        requests=asked(trial.after),
        tolerations=tuple(msgspec.convert(each, PodToleration) for each in trial.after.get("spec", {}).get("tolerations") or ()),
    )


def _kind(trial: Trial, subject: Subject) -> str:
    """Return the kind of the workload: the policy's word, or that of the pod's controller."""
    for owner in trial.sent.get("metadata", {}).get("ownerReferences") or ():
        if owner.get("controller"):
            kind = owner.get("kind") or subject.kind
            return subject.kind if kind == "ReplicaSet" else str(kind)
    return subject.kind


def _nobody(scenario: Scenario, clusters: Sequence[Cluster], subject: Subject) -> Diagnostic:
    where = scenario.at("spec", "policy") if scenario.policy else _subject(scenario)
    which = f"policy `{scenario.policy}` places no pods" if scenario.policy else "no policy places the pods"
    on = listing([cluster.name for cluster in clusters])
    message = f"{which} in namespace `{subject.namespace}` of {'cluster' if len(clusters) == 1 else 'clusters'} {on}"
    advice = ["`overbank try POD.yaml --cluster NAME --format explain` shows what the policies do to a pod"]
    return diagnose(codes.POOLS_OF, where, message, help=advice)


def _subject(scenario: Scenario) -> Where:
    return scenario.at("spec", "placement" if scenario.placement else "cluster")
