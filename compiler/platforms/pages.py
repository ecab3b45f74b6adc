"""The vendor pages that the facts come from, by the names that people can look them up with."""

from typing import Final

ACK_ONE_ECI: Final = 'ACK One, "Use registered clusters ... provided by serverless ECI", 2023-09-06'
"""Alibaba Cloud Document Center, Container Service for Kubernetes."""

ACK_ONE_NODES: Final = "Alibaba developer article on adding cloud CPU and GPU nodes to an IDC cluster through ACK One (Chinese)"
ACK_CO_SCHEDULER: Final = "Alibaba, scheduling with ack-co-scheduler in registered clusters (Chinese), prerequisites"
ACK_RESOURCE_POLICY: Final = "Alibaba help 398680, custom elastic resource priority scheduling"
VKE_RESOURCE_POLICY: Final = "Volcengine docs 6460/177068, elastic resource priority scheduling"
VKE_MULTI_CLOUD_GPU: Final = "Volcengine DCP, multi-cloud GPU scheduling, 2024-06-05 (Chinese)"
AI_NODES: Final = "Alibaba AnalyticDB PostgreSQL, AI nodes under ACK (Chinese), compatibility table"
