# SPDX-License-Identifier: Apache-2.0
"""The sums at the end of every page of a database file, as src/store/page_sum.c writes them: a test that changes a file
with another program's SQLite puts them right afterwards, as somebody would who knows the program. With no other
process on the file, and no log beside it."""
import struct
import sys

PAGE, ODD, ALL = 4096, 0x9E3779B97F4A7C15, (1 << 64) - 1
LANES, WORDS = 4, 511


def step(sum, word):
    sum = (sum ^ word) * ODD & ALL
    return sum ^ sum >> 32


def page_sum(page, number):
    words = struct.unpack_from(f"<{WORDS}Q", page)
    lanes = [number, 1, 2, 3]
    for i in range(0, WORDS // LANES * LANES):
        lanes[i % LANES] = step(lanes[i % LANES], words[i])
    for word in words[WORDS // LANES * LANES:]:
        lanes[0] = step(lanes[0], word)
    total = lanes[0]
    for lane in lanes[1:]:
        total = step(total, lane)
    return total


def put_right(path):
    """Gives every page of the file its sum; returns how many had another."""
    changed = 0
    with open(path, "r+b") as file:
        content = file.read()
        for at in range(0, len(content), PAGE):
            page = content[at:at + PAGE]
            right = struct.pack("<Q", page_sum(page, at // PAGE + 1))
            if page[-8:] != right:
                changed += 1
                file.seek(at + PAGE - 8)
                file.write(right)
    return changed


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, put_right(name))
