"""Pods without a node, by how long they have been so."""


class Waiting:
    """The unschedulable pods of one cluster. ``cohorts`` are ``[since when, how many]``, oldest first; times are nanoseconds."""

    __slots__ = ("cohorts", "count")

    def __init__(self) -> None:
        self.cohorts: list[list[int]] = []
        self.count = 0

    def add(self, count: int, now: int) -> None:
        """Let pods begin to wait."""
        self.count += count
        if self.cohorts and self.cohorts[-1][0] == now:
            self.cohorts[-1][1] += count
        else:
            self.cohorts.append([now, count])

    def serve(self, cohort: list[int], count: int) -> None:
        """Let pods of a cohort have found room; ``sweep`` takes out those of which none is left."""
        cohort[1] -= count
        self.count -= count

    def sweep(self) -> None:
        """Forget cohorts of which nothing is left."""
        self.cohorts = [cohort for cohort in self.cohorts if cohort[1]]

    def remove(self, most: int) -> int:
        """Take out pods, at most so many, those that came last first; return how many."""
        left = most
        while left and self.cohorts:
            taken = min(left, self.cohorts[-1][1])
            self.serve(self.cohorts[-1], taken)
            left -= taken
            if not self.cohorts[-1][1]:
                self.cohorts.pop()
        return most - left

    def since(self, moment: int) -> int:
        """Return how many have waited since ``moment`` or longer."""
        return sum(count for since, count in self.cohorts if since <= moment)
