"""What the server tells about itself: metrics in a registry of its own, and lines of JSON on stderr.

Neither ever holds anything of a pod.
"""
