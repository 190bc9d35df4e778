# SPDX-License-Identifier: Apache-2.0
"""What a statement means, in the words of PostgreSQL itself: the server analyses it (tables, columns, levels, all names
looked up) and shows the tree (`debug_print_parse`). So no SQL is read here, only the form in which the server writes
trees: `{TAG :field value …}`, `(list …)`, `<>` for none.

    trees = analyse(server, "database", {"name": ("bigint, text", "SELECT …")}, before="SET search_path = …")
"""
import re
import subprocess

from database_server import program

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[(){}]|(?:\\.|[^\s(){}\\])+', re.S)
TREE = re.compile(r"^DETAIL:\s+(\{QUERY .*?\})\n\n?(?=\Z|LOG|#|ERROR)", re.S | re.M)


class Node:
    def __init__(self, tag):
        self.tag, self.fields = tag, {}

    def __getattr__(self, name):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(f"{self.tag} has no {name}") from None

    def children(self):
        return self.fields.values()


def read_item(tokens):
    token = next(tokens)
    if token == "{":
        return read_node(tokens)
    if token == "(":
        return read_list(tokens)
    return None if token == "<>" else token


def read_list(tokens):
    items = []
    while True:
        item = read_item(tokens)
        if item == ")":
            return items
        items.append(item)


def read_node(tokens):
    node, name, values = Node(next(tokens)), None, []
    while True:
        item = read_item(tokens)
        end = item == "}"
        if end or (isinstance(item, str) and item.startswith(":") and len(item) > 1):
            if name is not None:
                node.fields[name] = values[0] if len(values) == 1 else values
            if end:
                return node
            name, values = item[1:], []
        else:
            values.append(item)


def nodes(item, tag=None):
    """All nodes in it, itself too; not those of queries inside of queries."""
    if isinstance(item, list):
        for each in item:
            yield from nodes(each, tag)
    elif isinstance(item, Node):
        if tag is None or item.tag == tag:
            yield item
        for value in item.children():
            if not (isinstance(value, Node) and value.tag == "QUERY"):
                yield from nodes(value, tag)


def listed(value):
    return [] if value is None else value if isinstance(value, list) else [value]


def analyse(server, database, statements, before=""):
    """{name: (types of the parameters, SQL)} becomes {name: tree, or the words with which the server refused}."""
    script = ["SET client_min_messages = log;", before, "SET debug_pretty_print = off;", "SET debug_print_parse = on;"]
    for number, (name, (types, sql)) in enumerate(statements.items()):
        parameters = f"({types})" if types else ""
        script += [f"\\warn #statement {name}", f"PREPARE statement_{number} {parameters} AS {sql};"]
    done = subprocess.run([program("psql"), "-qAtX", "-h", server.folder, "-U", "tester", database],
                          input="\n".join(script), capture_output=True, text=True, check=False)
    found = {}
    for part in done.stderr.split("#statement ")[1:]:
        name, _, said = part.partition("\n")
        trees = [read_item(iter(TOKEN.findall(text))) for text in TREE.findall(said)]
        trees = [tree for tree in trees if tree.commandType != "6"]  # not the word PREPARE
        found[name] = trees[0] if trees else said.strip()[-300:]
    assert found.keys() == statements.keys(), done.stderr[-2000:]
    return found
