# SPDX-License-Identifier: Apache-2.0
"""Goal: whoever else reads the standard of passkeys reads it as the node does. Method: tests/clients/passkeys.mjs, with
npm's @simplewebauthn/server beside the node's reader, over ceremonies in each of which one thing was changed.

Usage: passkeys_beside_another.py JUDGE"""
import os
import pathlib
import shutil
import subprocess
import sys

from skipping import skipped

CLIENTS = pathlib.Path(__file__).resolve().parent.parent / "clients"


def main():
    if shutil.which("node") is None:
        return skipped("node is not installed")
    if not (CLIENTS / "node_modules" / "@simplewebauthn").is_dir():
        return skipped("the clients of tests/clients are not installed (tools/setup test)")
    words = ["node", "passkeys.mjs", sys.argv[1], os.environ.get("ROUNDS", "200")]
    return subprocess.run(words, cwd=CLIENTS, timeout=240, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
