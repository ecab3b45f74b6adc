"""Vendors' objects that were written by hand, read back into policy files that compile to the same objects. Nothing here touches the disk."""
