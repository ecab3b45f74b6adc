"""Scenarios bound to what they name: the placement policy, the clusters, and the pools that the pods use on each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from compiler.codes import planning as codes
from compiler.diagnostics import Diagnostic, diagnose, has_errors
from compiler.federation.model import Mode
from compiler.federation.resolve import Placement
from compiler.federation.templates import DIVISIBLE, MIGRATABLE
from compiler.model import Cluster
from compiler.plan.checks import boundless, check
from compiler.plan.compiled import Compiled
from compiler.plan.lower import lower_pools, reversible
from compiler.plan.pods import GuestError, Subject, guests
from compiler.plan.replicas import Preference
from compiler.plan.scenario import Scenario
from compiler.plan.stage import Migration, Stage, StageCluster
from compiler.progress import Phase, Progress, counted, silent
from compiler.references import dangling
from compiler.spelling import did_you_mean, listing


def bind(
    scenarios: Sequence[Scenario], repository: Compiled, progress: Progress = silent
) -> tuple[tuple[Stage, ...], list[Diagnostic]]:
    """Bind all scenarios; those with errors are left out."""
    stages, diagnostics = [], []
    for scenario in counted(scenarios, Phase.BINDING, progress):
        stage, found = _Binder(scenario, repository).bind()
        diagnostics += found
        if stage and not has_errors(found):
            stages.append(stage)
    return tuple(stages), diagnostics


class _Binder:
    """Binds one scenario."""

    def __init__(self, scenario: Scenario, repository: Compiled) -> None:
        self.scenario = scenario
        self.repository = repository
        self.found: list[Diagnostic] = []

    def bind(self) -> tuple[Stage | None, list[Diagnostic]]:
        scenario = self.scenario
        if (scenario.placement is None) == (scenario.cluster is None):
            says = "neither `placement` nor `cluster`" if scenario.placement is None else "both `placement` and `cluster`"
            advice = ["name the PlacementPolicy whose workload is planned, or the only cluster; one of the two"]
            self.found.append(diagnose(codes.SUBJECT, scenario.at("spec"), f"the scenario has {says}", help=advice))
            return None, self.found
        stage = self._federated(scenario.placement) if scenario.placement else self._alone(scenario.cluster or "")
        if stage:
            self.found += check(stage)
        return stage, self.found

    def _federated(self, name: str) -> Stage | None:
        scenario = self.scenario
        federated = self.repository.federated
        placements = {each.policy.name: each for each in federated.placements} if federated else {}
        placement = placements.get(name)
        if placement is None:
            self.found.append(
                dangling(scenario.at("spec", "placement"), "placement policy", name, [each.policy for each in placements.values()])
            )
            return None
        policy = placement.policy
        if scenario.namespace and scenario.namespace != policy.namespace:
            message = f"the workload of `{name}` is in namespace `{policy.namespace}`"
            related = [(policy.at("spec", "namespace"), "here")]
            self.found.append(diagnose(codes.SUBJECT, scenario.at("spec", "namespace"), message, related=related))
            return None
        names = [workload.name for workload in policy.workloads]
        if scenario.workload and scenario.workload not in names:
            advice = did_you_mean(scenario.workload, names) or [f"workloads of `{name}`: {listing(names)}"]
            message = f"policy `{name}` places no workload `{scenario.workload}`"
            self.found.append(diagnose(codes.SUBJECT, scenario.at("spec", "workload"), message, help=advice))
            return None
        self.found += self._weights(placement)
        workload = next(each for each in policy.workloads if scenario.workload in (None, each.name))
        subject = Subject(namespace=policy.namespace, kind=workload.kind, name=workload.name)
        hosted = self._clusters([member.cluster for member in placement.members], subject)
        if hosted is None:
            return None
        clusters, assumptions = hosted
        kind = (workload.group, workload.kind)
        migration = policy.migration if kind in MIGRATABLE else None
        if policy.mode.divides and kind not in DIVISIBLE:
            assumptions.append(
                f"host {placement.host.name} divides {workload.kind} objects: its FederatedTypeConfig has been given `replicasSpec`"
            )
        if policy.migration and migration is None:
            assumptions.append(f"KubeAdmiral migrates Deployments only: replicas of {workload} stay where they cannot run")
        weights = policy.mode is Mode.WEIGHTED and all(member.choice.weight is None for member in placement.members)
        unranked = policy.mode is not Mode.PRIORITY and all(member.choice.priority is None for member in placement.members)
        if policy.max_clusters is not None and unranked:
            assumptions.append(
                "`maxClusters` keeps the first clusters by name; without any priority KubeAdmiral goes by scores, which are not known"
            )
        return Stage(
            scenario=scenario,
            clusters=tuple(
                replace(
                    cluster,
                    member=member.id,
                    priority=member.choice.priority or 0,
                    preference=Preference(
                        min=member.choice.min or 0,
                        max=member.choice.max,
                        weight=scenario.weights.get(cluster.name, 0) if weights else member.choice.weight or 0,
                    ),
                )
                for cluster, member in zip(clusters, placement.members, strict=True)
            ),
            mode=policy.mode,
            key=f"{policy.namespace}/{workload.name}",
            max_clusters=policy.max_clusters,
            avoid_disruption=policy.rescheduling.avoid_disruption,
            migration=Migration(after=migration.after_nanoseconds, keep_unschedulable=bool(migration.keep_unschedulable))
            if migration
            else None,
            autoscaling=(policy.autoscaling.min_replicas, policy.autoscaling.max_replicas) if policy.autoscaling else None,
            assumptions=tuple(assumptions),
        )

    def _alone(self, name: str) -> Stage | None:
        scenario = self.scenario
        model = self.repository.resolved.model
        cluster = next((each for each in model.clusters if each.name == name), None)
        if cluster is None:
            self.found.append(dangling(scenario.at("spec", "cluster"), "cluster", name, model.clusters))
        for field in ("workload", "weights"):
            if scenario.document.get("spec", field) is not None:
                message = f"`{field}` is about a placement policy, and the scenario is about cluster `{name}` alone"
                self.found.append(diagnose(codes.SUBJECT, scenario.at_key("spec", field), message))
        namespace = self._namespace()
        if cluster is None or namespace is None or self.found:
            return None
        hosted = self._clusters([cluster], Subject(namespace=namespace, kind="Deployment", name=scenario.name))
        if hosted is None:
            return None
        clusters, assumptions = hosted
        return Stage(
            scenario=scenario,
            clusters=tuple(clusters),
            mode=None,
            key=f"{namespace}/{scenario.name}",
            max_clusters=None,
            avoid_disruption=True,
            migration=None,
            autoscaling=None,
            assumptions=tuple(assumptions),
        )

    def _namespace(self) -> str | None:
        """Return the namespace of the pods of a scenario with one cluster."""
        scenario = self.scenario
        if scenario.namespace:
            return scenario.namespace
        policy = next((each for each in self.repository.resolved.model.policies if each.name == scenario.policy), None)
        if policy and len(policy.namespaces.names) == 1:
            return policy.namespaces.names[0]
        if scenario.policy and policy is None:
            self.found.append(self._no_policy(scenario.policy))
        else:
            advice = ["write `namespace: NAME`"]
            self.found.append(diagnose(codes.SUBJECT, scenario.at("spec"), "in which namespace are the pods?", help=advice))
        return None

    def _no_policy(self, name: str) -> Diagnostic:
        return dangling(self.scenario.at("spec", "policy"), "burst policy", name, self.repository.resolved.model.policies)

    def _weights(self, placement: Placement) -> Iterator[Diagnostic]:
        """Yield why the weights are not known: those that the policy leaves out, or that it does not use."""
        scenario, policy = self.scenario, placement.policy
        written = [member for member in placement.members if member.choice.weight is not None]
        if policy.mode is not Mode.WEIGHTED or written:
            if scenario.weights:
                message = (
                    f"policy `{policy.name}` has weights of its own"
                    if written
                    else f"policy `{policy.name}` does not weigh clusters"
                )
                yield diagnose(codes.WEIGHTS, scenario.at_key("spec", "weights"), message, help=["take `weights` out"])
            return
        names = [member.cluster.name for member in placement.members]
        for name in scenario.weights:
            if name not in names:
                where = scenario.at_key("spec", "weights", name)
                yield dangling(where, "cluster in the policy", name, [member.cluster for member in placement.members])
        if not scenario.weights:
            message = f"policy `{policy.name}` weighs its clusters by their free capacity, which no document says"
            advice = [f"say what the weights would be: `weights: {{{', '.join(f'{name}: 100' for name in names)}}}`"]
            yield diagnose(codes.WEIGHTS, scenario.at("spec", "placement"), message, help=advice)

    def _clusters(self, clusters: Sequence[Cluster], subject: Subject) -> tuple[list[StageCluster], list[str]] | None:
        """Return the clusters with the pools that the pods use there, and what that takes for granted; None after an error."""
        scenario, repository = self.scenario, self.repository
        if scenario.policy and scenario.policy not in {policy.name for policy in repository.resolved.model.policies}:
            self.found.append(self._no_policy(scenario.policy))
            return None
        try:
            hosted = guests(scenario, clusters, subject, repository)
        except GuestError as error:
            self.found.append(error.diagnostic)
            return None
        assumptions: list[str] = []
        staged = []
        for guest in hosted:
            pools, taken = lower_pools(guest)
            assumptions += taken
            self.found += boundless(guest.cluster, pools)
            reverse, taken = reversible(guest)
            assumptions += taken
            staged.append(
                StageCluster(
                    name=guest.cluster.name,
                    member=guest.cluster.name,
                    policy=guest.binding.policy.name if guest.binding else None,
                    pools=pools,
                    reverse=reverse,
                    preference=Preference(),
                    priority=0,
                )
            )
        return staged, list(dict.fromkeys(assumptions))
