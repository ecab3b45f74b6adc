"""Codes of policy tests."""

from typing import Final

from compiler.diagnostics import Code, Severity

EXPECTATION: Final = Code(
    "OB6101",
    Severity.ERROR,
    "expectation is not met",
    """A case of a PolicyTest does not hold: the policies do something else to the pod than the test expects. The message
shows both.

`overbank try POD.yaml --cluster NAME --format explain` shows the whole decision.""",
)
POD_UNREADABLE: Final = Code(
    "OB6102",
    Severity.ERROR,
    "test pod cannot be used",
    """The file of a test case does not exist in the repository, is not YAML, or holds no pod and no workload with a pod
template. Paths are relative to the test's file and cannot leave the repository.""",
)
