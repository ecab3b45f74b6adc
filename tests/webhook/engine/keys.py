"""Keys of pods as they stand in pods, so that the engine's own constants are tested too."""

MARKER = "overbank.dev/placement"
APPLIED = "overbank.dev/applied"
INJECT = "overbank.dev/inject"

GPU = "nvidia.com/gpu"
GPU_MEMORY = "aliyun.com/gpu-mem"
GPU_COUNT = "aliyun.com/gpu-count"
GANG_NAME = "pod-group.scheduling.sigs.k8s.io/name"
GANG_SIZE = "pod-group.scheduling.sigs.k8s.io/min-available"

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
