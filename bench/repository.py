"""A policy repository of any size: one document a file, in the proportions and the styles in which people write them.

Of the documents beside the clusters, five in eight are burst policies (several forms of placing, injecting and scheduling, in block
and in flow style), the rest are tests, placement policies, and Deployments and ConfigMaps of other tools. All are valid, and
nothing is found in them. Run it to write one: ``python bench/repository.py FOLDER --documents 10000 --clusters 50 --spread 1``.
"""

import argparse
from pathlib import Path
from random import Random

API = "apiVersion: overbank.dev/v1alpha1\n"
TEAMS = 100


class Repository:
    """What is drawn for one repository; the same numbers give the same files."""

    def __init__(self, documents: int, clusters: int, spread: int) -> None:
        self.random = Random(documents)
        self.clusters = [f"c{number:03}" for number in range(clusters)]
        self.documents = documents
        self.spread = spread
        self.files = {
            "overbank.yaml": f"{API}kind: Repository\nspec: {{}}\n",
            "federation/host.yaml": f'{API}kind: FederationHost\nmetadata: {{name: fed}}\nspec: {{engine: kubeadmiral, kubernetesVersion: "1.28"}}\n',
            "accelerators/gpu.yaml": ACCELERATOR,
        }
        for name in self.clusters:
            self.files[f"clusters/{name}.yaml"] = CLUSTER.format(name=name, region=f"r{int(name[1:]) % 5}")
        for number in range(documents - len(self.files)):
            self._add(number)

    def write(self, folder: Path) -> None:
        """Write all files."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)

    def _add(self, number: int) -> None:
        team = f"team-{number % TEAMS:02}"
        values = {
            "n": number,
            "team": team,
            "cluster": self.random.choice(self.clusters),
            "priority": number % 997 + 1,
            "max": self.random.randint(1, 9),
        }
        places = self.random.sample(self.clusters, min(self.spread, len(self.clusters)))
        values["flow"] = ", ".join(places)
        values["block"] = "\n".join(f"      - {place}" for place in places)
        folder, text = FORMS[number % len(FORMS)]
        self.files[f"teams/{team}/{folder}/{number:06}.yaml"] = text.format(**values)


ACCELERATOR = f"""\
{API}kind: AcceleratorClass
metadata: {{name: gpu}}
spec:
  resource: nvidia.com/gpu
  eci: {{useSpecs: [ecs.gn6i-c4g1.xlarge, ecs.gn7i-c8g1.2xlarge]}}
"""

CLUSTER = f"""\
# One of many.
{API}kind: Cluster
metadata:
  name: {{name}}
  labels:
    region: {{region}}
spec:
  platform: ack-pro
  kubernetesVersion: "1.30"
  scheduler: {{{{version: "6.4"}}}}
  federation: {{{{host: fed}}}}
  pools:
  - name: prepaid
    type: ecs
    nodeSelector: {{{{alibabacloud.com/nodepool-id: np-{{name}}-a}}}}
    nodes: {{{{max: 20}}}}
    podsPerNode: 8
  - name: serverless
    type: eci
  - name: postpaid
    type: ecs
    nodeSelector: {{{{alibabacloud.com/nodepool-id: np-{{name}}-b}}}}
    nodes: {{{{min: 0, max: 100}}}}
    podsPerNode: 8
    autoscaling: true
"""

PLACING = f"""\
# Requested by {{team}}; see the runbook before you change this.
{API}kind: BurstPolicy
metadata:
  name: burst-{{n}}
spec:
  match:
    clusters:
      names:
{{block}}
    namespaces:
      names:
      - {{team}}
    pods:
      matchLabels:
        app: app-{{n}}
        tier: web
  priority: {{priority}}
  pools:
  - name: prepaid
  - name: serverless
    max: {{max}}
  - name: postpaid
  strategy: prefer
  inject:
    labels:
      cost-centre: "{{n}}"
    annotations:
      example.com/owner: {{team}}@example.com
      example.com/note: "burst to serverless, then by the hour"
  foreignIntent: warn
  mode: enforce
"""

COMPACT = f"""\
{API}kind: BurstPolicy
metadata: {{{{name: burst-{{n}}}}}}
spec:
  match:
    clusters: {{{{names: [{{flow}}]}}}}
    namespaces: {{{{names: [{{team}}]}}}}
    pods: {{{{matchLabels: {{{{app: app-{{n}}}}}}}}}}
  priority: {{priority}}
  pools:
  - {{{{name: prepaid}}}}
  - {{{{name: serverless, max: {{max}}}}}}
  - {{{{name: postpaid, skipIfMissing: true}}}}
"""

ON_ECI = f"""\
{API}kind: BurstPolicy
metadata:
  name: eci-{{n}}
spec:
  match:
    clusters: {{{{names: [{{flow}}]}}}}
    namespaces: {{{{names: [{{team}}]}}}}
    pods:
      matchExpressions:
      - {{{{key: job, operator: In, values: [job-{{n}}, nightly-{{n}}]}}}}
      - {{{{key: local-only, operator: DoesNotExist}}}}
  priority: {{priority}}
  accelerator: gpu
  pools:
  - name: serverless
"""

INJECTING = f"""\
{API}kind: BurstPolicy
metadata:
  name: inject-{{n}}
spec:
  match:
    clusters: {{{{names: [{{flow}}]}}}}
    namespaces: {{{{names: [{{team}}]}}}}
    pods: {{{{matchLabels: {{{{batch: batch-{{n}}}}}}}}}}
  inject:
    labels: {{{{cost-centre: "{{n}}"}}}}
    nodeSelector: {{{{dedicated: batch}}}}
    tolerations:
    - {{{{key: dedicated, operator: Equal, value: batch, effect: NoSchedule}}}}
"""

TEST = f"""\
{API}kind: PolicyTest
metadata: {{{{name: test-{{n}}}}}}
spec:
  cluster: {{cluster}}
  namespace: {{{{name: {{team}}}}}}
  cases:
  - name: a pod of nobody gets nothing
    pod:
      inline:
        apiVersion: v1
        kind: Pod
        metadata: {{{{name: pod-{{n}}, labels: {{{{app: of-nobody}}}}}}}}
        spec:
          containers:
          - name: main
            image: registry.example.com:5000/{{team}}/main:1.{{n}}
    expect:
      policies: []
"""

FEDERATED = f"""\
{API}kind: PlacementPolicy
metadata: {{{{name: place-{{n}}}}}}
spec:
  host: fed
  namespace: {{team}}
  workloads: [{{{{apiVersion: apps/v1, kind: Deployment, name: app-{{n}}}}}}]
  mode: weighted
  clusters:
  - {{{{name: {{cluster}}, weight: 40, min: 2}}}}
  autoMigration: {{{{after: 2m, keepUnschedulable: true}}}}
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  namespace: {team}
spec:
  replicas: {max}
  selector:
    matchLabels: {{app: app-{n}}}
  template:
    metadata:
      labels:
        app: app-{n}
        tier: web
    spec:
      containers:
      - name: main
        image: "registry.example.com/{team}/app:{n}"
        args: ["--port=8080", "--verbose"]
        resources:
          requests: {{cpu: 500m, memory: 1Gi}}
        env:
        - name: GREETING
          value: 'it is "{team}"'
"""

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-{n}
  namespace: {team}
data:
  "settings.ini": |
    [main]
    name = {team}

    [limits]
    max = {max}
  note: >-
    folded
    text
"""

FORMS = (
    *[("burst", PLACING)] * 4,
    *[("burst", COMPACT)] * 3,
    *[("burst", ON_ECI), ("burst", INJECTING), ("burst", PLACING)],
    *[
        ("tests", TEST),
        ("placement", FEDERATED),
        ("apps", DEPLOYMENT),
        ("apps", DEPLOYMENT),
        ("apps", CONFIG_MAP),
        ("apps", DEPLOYMENT),
    ],
)


def generate(folder: Path, documents: int, clusters: int, spread: int) -> None:
    """Write a repository, the same for the same numbers.

    Args:
        folder: where to.
        documents: how many in all, at least ``clusters`` and three.
        clusters: how many of them are clusters.
        spread: on how many clusters each burst policy is.
    """
    Repository(documents, clusters, spread).write(folder)


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--spread", type=int, default=1)
    options = parser.parse_args()
    generate(options.folder, options.documents, options.clusters, options.spread)


if __name__ == "__main__":
    main()
