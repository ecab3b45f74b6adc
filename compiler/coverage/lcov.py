"""Coverage as an lcov tracefile (geninfo(1)), which editors and code review show beside the lines of the policies.

A line counts as covered if all that stands in it is exercised; so the share by lines is another one than that by units.
"""

from collections import defaultdict

from compiler.coverage.measuring import Coverage
from compiler.coverage.tally import TESTS
from compiler.coverage.unit import By


def render(coverage: Coverage, counted: frozenset[By] = TESTS) -> str:
    """Return the tracefile. What cannot stand in a record of its own, such as a path with a line break, is left out."""
    lines: dict[str, dict[int, bool]] = defaultdict(dict)
    for each in coverage.units:
        place = each.unit.where.locate()
        if place.span is not None and place.path.isprintable():
            of_file = lines[place.path]
            of_file[place.span.line] = of_file.get(place.span.line, True) and bool(each.by & counted)
    records = []
    for path, found in sorted(lines.items()):
        data = [f"DA:{line},{int(covered)}" for line, covered in sorted(found.items())]
        records += ["TN:overbank", f"SF:{path}", *data, f"LF:{len(found)}", f"LH:{sum(found.values())}", "end_of_record"]
    return "".join(f"{record}\n" for record in records)
