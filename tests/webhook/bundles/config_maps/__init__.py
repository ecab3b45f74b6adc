"""Bundles and switches in ConfigMaps, against a cluster that misbehaves: whole and in parts, mixed, missing, refused and unreachable."""
