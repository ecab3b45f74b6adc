"""The decision core: a bundle and a pod in, a JSON Patch and its explanation out.

Rule 1: nothing here does input or output, reads a clock, draws a random number or knows a framework. Every decision follows
from the pod, the namespace, the namespace's labels and the loaded bundle, so that ``overbank try`` and the cluster cannot
disagree.

Rule 2: this package is the only place that writes patch operations.

Rule 3: only the fields that Overbank may own are decoded; everything else in the pod is neither read nor written.
"""
