# SPDX-License-Identifier: Apache-2.0
"""Ports that stay free while nobody listens, for a program that has to know its own beforehand or is started again."""
import random
import socket

TRIES = 200
LEAST = 20000


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def steady_port(count=1):
    """The first of so many, below those that the system hands out by itself, to listeners and to connections: one of
    these would be somebody else's before the program listens there, or between two starts of it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first = int(file.read().split()[0])
    draw = random.SystemRandom()  # two tests with one seed want two ports
    for _ in range(TRIES):
        port = draw.randrange(min(LEAST, first // 2), first - count)
        if all(is_free(port + i) for i in range(count)):
            return port
    raise AssertionError("no port is free")
