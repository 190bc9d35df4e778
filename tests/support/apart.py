# SPDX-License-Identifier: Apache-2.0
"""A server as on another machine: on the databases of a node that runs, in a folder that shares nothing with that
node's but a copy of its root key."""
import os
import shutil

from running_node import Caller
from stress import RoughNode


class Apart(RoughNode):
    def __init__(self, node):
        super().__init__()
        self.of = node

    def __enter__(self):
        self.folder = self.of.folder + "-apart"
        self.store = self.of.store
        os.makedirs(os.path.join(self.data, "keys"), mode=0o700)
        os.chmod(self.data, 0o700)
        shutil.copy(os.path.join(self.of.data, "keys", "root.key"), os.path.join(self.data, "keys"))
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.nobody = Caller(self)
        self.start()
        return self
