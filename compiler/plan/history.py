"""In which order the pods of a cluster started: scaling in goes by it where nothing says which pool comes first."""


class History:
    """Pods by the place of their pool in the order of pools, from the oldest to the newest."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: list[list[int]] = []
        """``[pool, how many]``, oldest first."""

    def add(self, pool: int, count: int) -> None:
        """Let pods start."""
        if self._entries and self._entries[-1][0] == pool:
            self._entries[-1][1] += count
        else:
            self._entries.append([pool, count])

    def forget(self, pool: int, count: int) -> None:
        """Take pods of one pool out, the newest first."""
        for entry in reversed(self._entries):
            if not count:
                break
            if entry[0] == pool:
                taken = min(count, entry[1])
                entry[1] -= taken
                count -= taken
        self._entries = [entry for entry in self._entries if entry[1]]

    def newest(self, count: int) -> dict[int, int]:
        """Take out so many of the newest pods, and return how many they are of each pool."""
        taken: dict[int, int] = {}
        while count:
            pool, started = self._entries[-1]
            of_pool = min(count, started)
            taken[pool] = taken.get(pool, 0) + of_pool
            count -= of_pool
            if of_pool == started:
                self._entries.pop()
            else:
                self._entries[-1][1] -= of_pool
        return taken
