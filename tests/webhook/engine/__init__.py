"""The decision core, tested without a server: from a bundle and a pod to a patch."""
