"""Node affinity: what a pod requires and prefers after policies added to it, and that nothing of the author's is touched."""
