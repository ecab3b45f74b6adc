"""The keys and values that bundles and requests are drawn from: few, so that policies and pods meet."""

# What policies match on and what they write are apart, as the rules label_feedback and reserved_keys make sure.
MATCHED_KEYS = ("app", "tier", "example.com/role", "a~b/c~1d")
WRITTEN_LABELS = ("team", "alibabacloud.com/eci", "w~0/~1", "~", "vendor/~x")
WRITTEN_ANNOTATIONS = ("k8s.aliyun.com/eci-use-specs", "vke.volcengine.com/burst-to-vci", "n~/~1m", "~0", "team")
VALUES = ("", "x", "y", "z")
RESOURCES = ("nvidia.com/gpu", "cpu")
SHARED = "aliyun.com/gpu-mem"
NODE_KEYS = ("pool", "zone~/a")
PRIORITY_CLASSES = ("high", "low")
FOREIGN_KEYS = ("foreign", "team", "f~/o~1")
GANG_SOURCES = ("job-name", "job-name", "app", "team")
GANG_SIZES = ("replicas", "replicas", "team")
CLAIMS = {"default": {"data": "ossplugin.csi.alibabacloud.com"}}
SCHEDULERS = ("ack-co-scheduler", "volcano", "default-scheduler")
NAMESPACES = ("default", "team-a", "team-b", "kube-system")
EXCLUDED = ("kube-system", "overbank-system")
NAMESPACE_KEYS = ("env", "x/~region")
TAINT_KEYS = ("", "virtual-kubelet.io/provider", "b~/c")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
