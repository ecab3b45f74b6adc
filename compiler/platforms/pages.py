"""The vendor pages that the facts come from, by the names that people can look them up with."""

from typing import Final

ACK_ONE_ECI: Final = 'ACK One, "Use registered clusters ... provided by serverless ECI", 2023-09-06'
"""Alibaba Cloud Document Center, Container Service for Kubernetes."""

ACK_ONE_NODES: Final = "Alibaba developer article on adding cloud CPU and GPU nodes to an IDC cluster through ACK One (Chinese)"
ACK_CO_SCHEDULER: Final = "Alibaba, scheduling with ack-co-scheduler in registered clusters (Chinese), prerequisites"
ACK_RESOURCE_POLICY: Final = "Alibaba help 398680, custom elastic resource priority scheduling"
VKE_RESOURCE_POLICY: Final = "Volcengine docs 6460/177068, elastic resource priority scheduling"
VKE_MULTI_CLOUD_GPU: Final = "Volcengine DCP, multi-cloud GPU scheduling, 2024-06-05 (Chinese)"
ACK_AFFINITY: Final = "Alibaba help 2369750, allocating pods to ECS and ECI by node affinity"
ACK_BURST_RESOURCE: Final = "Alibaba help 207460, ECI elastic scheduling (no longer maintained from Kubernetes 1.24 on)"
ACK_GANG: Final = "Alibaba help 178169, gang scheduling"
ACK_CPU_TOPOLOGY: Final = "ACK, topology-aware CPU scheduling"
ACK_GPU_SHARING: Final = "ACK, GPU sharing (cGPU), labels and multiple GPUs"
AI_NODES: Final = "AnalyticDB for PostgreSQL, managing AI nodes through an ACK cluster (Chinese)"
VCI_ANNOTATIONS: Final = "Volcengine docs 6460/76920, annotations of VCI pods"
VNODES: Final = "Alibaba help 363065, self-managed Kubernetes and ECI"
ECI_ANNOTATIONS: Final = "Alibaba help 186939, annotations of ECI pods"
ECI_SPECS: Final = "Alibaba help.aliyun.com/zh/ack/create-an-eci-pod, ECI pods by several specifications"
