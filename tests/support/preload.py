# SPDX-License-Identifier: Apache-2.0
"""A library that goes before a program (LD_PRELOAD) and a file that tells it what to do, for all programs that a test
starts while the block runs.

    with Preload(library, "CLOCK_FILE", "symbolon-clock-") as preload:
        os.pwrite(preload.file.fileno(), …)
"""
import os
import shutil
import tempfile


class Preload:
    def __init__(self, library, variable, prefix):
        self.library, self.variable, self.prefix = library, variable, prefix

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile(prefix=self.prefix)
        self.folder = tempfile.TemporaryDirectory(prefix=self.prefix)
        os.chmod(self.file.name, 0o644)  # a database server runs as somebody else
        os.chmod(self.folder.name, 0o755)
        copy = shutil.copy(self.library, self.folder.name)
        self.before = {name: os.environ.get(name) for name in ("LD_PRELOAD", self.variable, "ASAN_OPTIONS")}
        os.environ["LD_PRELOAD"] = copy
        os.environ[self.variable] = self.file.name
        # the library comes before that of the sanitizer, which is told that this is wanted
        os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [self.before["ASAN_OPTIONS"], "verify_asan_link_order=0"]))
        return self

    def __exit__(self, kind, value, trace):
        for name, value in self.before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self.file.close()
        self.folder.cleanup()
