"""The chart: what it renders is what Kubernetes takes, what the webhook's own code reads, and no more than it needs."""
