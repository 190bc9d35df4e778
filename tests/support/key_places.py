# SPDX-License-Identifier: Apache-2.0
"""Runs a test with keys in the folder of the node and, where there is a server, with keys in a database of theirs."""
import os
import shutil

from stress import RoughNode


def in_each_place(folder, database, play):
    """`play(node, keys)` with a new node each; keys = folder(node), then database(node), whose `words` are its URL."""
    with RoughNode() as node:
        play(node, folder(node))
    if "DATABASE_SERVER" not in os.environ:
        return
    with RoughNode() as node:
        node.stop()
        node.on_server("DROP SCHEMA symbolon CASCADE")
        shutil.rmtree(node.data)
        keys = database(node)
        node.store += ["--keys", *keys.words]
        node.start()
        play(node, keys)
