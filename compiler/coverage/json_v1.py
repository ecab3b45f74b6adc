"""Coverage for programs, format ``json-v1``: fields are only ever added. Lines and columns are 1-based."""

import json
from typing import Any

from compiler.coverage.measuring import Coverage, Loose
from compiler.coverage.tally import Share, Tally
from compiler.coverage.unit import By
from compiler.report.style import printable
from compiler.source import Where


def render(coverage: Coverage, tally: Tally) -> str:
    """Return the report as indented JSON with a final newline."""
    value: dict[str, Any] = {
        "format": "json-v1",
        "summary": {
            **_share(tally.whole),
            "cases": coverage.cases,
            "scenarios": coverage.scenarios,
            "workloads": coverage.workloads,
            "failing": coverage.failing,
        },
        "policies": [
            {
                "kind": row.kind,
                "name": printable(row.policy),
                **_share(row.whole),
                "parts": {str(part): _share(share) for part, share in row.parts.items() if share.total},
            }
            for row in tally.rows
        ],
        "units": [
            {
                "part": str(each.unit.part),
                "policy": printable(each.unit.policy),
                "title": printable(each.unit.title),
                "location": _place(each.unit.where),
                "by": [str(by) for by in By if by in each.by],
            }
            for each in coverage.units
        ],
        "unmatchedPods": _loose(coverage.unmatched_pods),
        "unmatchedWorkloads": _loose(coverage.unmatched_workloads),
        "withoutOutput": _loose(coverage.idle_clusters),
        "unusedPolicies": _loose(coverage.unused_policies),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _share(share: Share) -> dict[str, int]:
    return {"covered": share.covered, "total": share.total, "percent": share.percent}


def _loose(found: tuple[Loose, ...]) -> list[dict[str, Any]]:
    return [{"name": printable(each.name), "location": _place(each.where)} for each in found]


def _place(where: Where) -> dict[str, Any]:
    place = where.locate()
    span = place.span
    return {
        "path": printable(place.path),
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
