# SPDX-License-Identifier: Apache-2.0
"""What tests/integration/access.members says: for each door, the members that it takes, shows and changes."""
from access_policy import FOLDER


class Members:
    def __init__(self, path=FOLDER / "access.members"):
        self.shapes, self.shows, self.takes, self.changes, self.ignores = {}, {}, {}, [], set()
        for line in path.read_text().replace("\\\n", " ").splitlines():
            word, *rest = line.split("#")[0].split() or [""]
            if word == "shape":
                parts = [(part.rstrip("?").partition(":"), part.endswith("?")) for part in rest[1:]]
                self.shapes[rest[0]] = {name: (inner, sparse) for (name, _, inner), sparse in parts}
            elif word in ("shows", "takes"):
                getattr(self, word)[" ".join(rest[:2])] = rest[2]
            elif word == "ignores":
                self.ignores.add(" ".join(rest))
            elif word == "changes":
                self.changes.append((" ".join(rest[:2]), rest[2], set(rest[3:])))
            else:
                assert not word, line

    def names(self):
        """Every member that there is anywhere, under every shape."""
        return sorted({name for shape in self.shapes.values() for name in shape})

    def differences(self, shape, value, place=""):
        """Where a value shows more or less than the shape says."""
        if value is None or shape in ("", "*"):
            return
        if isinstance(value, list):
            for at, item in enumerate(value):
                yield from self.differences(shape, item, f"{place}/{at}")
            return
        members = self.shapes[shape]
        for name in set(value) - set(members):
            yield f"{place}/{name} is shown"
        for name, (inner, sparse) in members.items():
            if name in value:
                yield from self.differences(inner, value[name], f"{place}/{name}")
            elif not sparse:
                yield f"{place}/{name} is not there"
