# SPDX-License-Identifier: Apache-2.0
"""Where a statement would go on a database that is spread by src/store/sql/placement.def, judged by its tree
(query_tree.py): to one shard, to no shard, or to all. Whatever is not understood counts as going to all.

A table is bound when the statement says `column = $n` about its column of distribution, or a join makes it equal to
such a one. Only what must be true of every row counts: not what stands under OR or NOT, and of an outer join only the
equality of two columns. What a query inside of another says binds nothing outside of it.
"""
import dataclasses
import re

from query_tree import Node, listed, nodes

SELECT, UPDATE, INSERT, DELETE = "1", "2", "3", "4"  # CmdType of nodes.h
RELATION, SUBQUERY, JOIN, CTE = "0", "1", "2", "6"   # RTEKind of parsenodes.h
AND, INNER, OUTER_PARAMETER = "and", "0", "0"


@dataclasses.dataclass
class Placement:
    """The file, read: column of distribution by table, the tables of the other kinds, reasons by name of a query."""
    distributed: dict
    reference: set
    local: set
    scatter: dict
    reasons: dict

    @property
    def tables(self):
        return {*self.distributed, *self.reference, *self.local}


def read_placement(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    rows = re.findall(r'^(DISTRIBUTED|REFERENCE|LOCAL|SCATTER)\((\w+), (?:(\w+)|"([^"]+)")\)$', text, re.M)
    assert len(rows) == len(text.split("\n")) - text.split("\n").count(""), "a row is not understood"
    names = [name for _, name, _, _ in rows]
    assert len(names) == len(set(names)), "a name stands twice"
    of = {kind: {name: column or why for k, name, column, why in rows if k == kind}
          for kind in ("DISTRIBUTED", "REFERENCE", "LOCAL", "SCATTER")}
    return Placement(of["DISTRIBUTED"], set(of["REFERENCE"]), set(of["LOCAL"]), of["SCATTER"],
                     {**of["REFERENCE"], **of["LOCAL"]})


@dataclasses.dataclass
class Catalogue:
    """What the database says of itself: names of tables and of their columns by number, the operators called `=`."""
    tables: dict
    columns: dict
    equalities: set


class Equal:
    """Which things are the same; a copy knows more without telling the one it comes from."""

    def __init__(self, before=None):
        self.parent = dict(before.parent) if before else {}

    def root(self, thing):
        while thing in self.parent:
            thing = self.parent[thing]
        return thing

    def join(self, one, other):
        one, other = self.root(one), self.root(other)
        if one != other:
            self.parent[one] = other

    def members(self, thing):
        root = self.root(thing)
        return {each for each in {*self.parent, *self.parent.values(), thing} if self.root(each) == root}


def is_fixed(thing):
    return thing[0] in ("parameter", "constant")


class Statement:
    """Findings about one statement: `problems` forbid it anywhere, `wide` says why it does not go to one shard."""

    def __init__(self, tree, placement, catalogue):
        self.placement, self.catalogue = placement, catalogue
        self.problems, self.wide, self.crossing = [], [], []
        self.used, self.targets, self.is_recursive = set(), set(), False
        self.look_at(tree, [], Equal())
        if len(self.targets) > 1:
            self.wide.append("its tables are bound to different things")
        if self.used & placement.local and self.used & placement.distributed.keys():
            self.wide.append("it joins tables of shards with local ones")
        if self.wide: # what goes to one shard may do what it likes there
            self.problems += self.crossing
            self.problems += ["it is recursive over several shards"] if self.is_recursive else []

    @property
    def is_spread(self):
        return bool(self.used & self.placement.distributed.keys())

    # ---- what the tree says

    def relations(self, query):
        """Number and table of each table that the query itself names."""
        excluded = query.onConflict.exclRelIndex if query.onConflict else None
        for number, entry in enumerate(listed(query.rtable), 1):
            if entry.rtekind == RELATION and str(number) != excluded:
                yield number, self.catalogue.tables[entry.relid]

    def key_of(self, query, number, table):
        return ("column", id(query), number, self.placement.distributed[table])

    def resolve(self, item, path):
        """The parameter, constant or column behind an expression; None: something else. `path`: queries from outside
        inwards."""
        while isinstance(item, Node) and item.tag == "RELABELTYPE":
            item = item.arg
        if not isinstance(item, Node):
            return None
        if item.tag == "PARAM" and item.paramkind == OUTER_PARAMETER:
            return ("parameter", item.paramid)
        if item.tag == "CONST":
            return ("constant", str(item.fields.get("constvalue")))
        if item.tag != "VAR":
            return None
        path = path[:len(path) - int(item.varlevelsup)]
        entry = path[-1].rtable[int(item.varno) - 1]
        column = int(item.varattno)
        if entry.rtekind == RELATION:
            names = self.catalogue.columns[self.catalogue.tables[entry.relid]]
            return ("column", id(path[-1]), int(item.varno), names.get(column))
        if entry.rtekind == JOIN:
            return self.resolve(entry.joinaliasvars[column - 1], path)
        if entry.rtekind == SUBQUERY and self.is_plain(entry.subquery):
            return self.resolve(entry.subquery.targetList[column - 1].expr, [*path, entry.subquery])
        return None

    @staticmethod
    def is_plain(query):
        """What is asked of its rows from outside can be asked of its tables."""
        return not any((query.setOperations, query.limitCount, query.limitOffset, query.groupClause, query.cteList,
                        query.distinctClause, query.groupingSets)) and query.hasAggs == query.hasWindowFuncs == "false"

    def conjuncts(self, item):
        for each in listed(item):
            if each.tag == "BOOLEXPR" and each.boolop == AND:
                yield from self.conjuncts(each.args)
            else:
                yield each

    def learn(self, item, path, equal, outer=False):
        for each in self.conjuncts(item):
            if each.tag != "OPEXPR" or each.opno not in self.catalogue.equalities or len(each.args) != 2:
                continue
            one, other = (self.resolve(side, path) for side in each.args)
            if one and other and not (outer and (is_fixed(one) or is_fixed(other))):
                equal.join(one, other)

    def learn_all(self, query, path, equal):
        for node in nodes(query.jointree):
            if node.tag == "FROMEXPR":
                self.learn(node.quals, path, equal)
            elif node.tag == "JOINEXPR":
                self.learn(node.quals, path, equal, outer=node.jointype != INNER)

    # ---- judging

    def look_at(self, query, path, equal):
        path, equal = [*path, query], Equal(equal)
        self.learn_all(query, path, equal)
        if query.commandType != SELECT:
            self.look_at_change(query, path, equal)
        for number, table in self.relations(query):
            self.used.add(table)
            if table in self.placement.distributed:
                self.look_at_binding(query, number, table, equal)
        if listed(query.rowMarks) and self.is_wide_here(query, equal):
            self.problems.append("it locks rows of several shards")
        self.is_recursive |= query.hasRecursive == "true"
        for inner in self.inner_queries(query):
            self.look_at(inner, path, equal)
        self.look_at_joins(query, path, equal)

    def look_at_binding(self, query, number, table, equal):
        fixed = sorted(each for each in equal.members(self.key_of(query, number, table)) if is_fixed(each))
        if fixed:
            self.targets.add((*fixed[0], self.kind_of(table)))
        else:
            self.wide.append(f"{table}.{self.placement.distributed[table]} is not bound to a parameter")

    def kind_of(self, table):
        """Tables of one kind lie together."""
        return self.placement.distributed[table]

    def is_wide_here(self, query, equal):
        return any(table in self.placement.distributed
                   and not any(map(is_fixed, equal.members(self.key_of(query, number, table))))
                   for number, table in self.relations(query))

    def look_at_change(self, query, path, equal):
        number = int(query.resultRelation)
        table = dict(self.relations(query))[number]
        column = self.placement.distributed.get(table)
        columns = {entry.resname: entry.expr for entry in listed(query.targetList)}
        if query.commandType == INSERT:
            if listed(query.jointree.fromlist) and table not in self.placement.local:
                self.problems.append("it inserts what a query gives")
            value = self.resolve(columns.get(column), path) if column else None
            if value and is_fixed(value):
                equal.join(self.key_of(query, number, table), value)
        set_columns = [entry.resname for entry in listed(query.onConflict.onConflictSet)] if query.onConflict else []
        set_columns += columns if query.commandType == UPDATE else []
        if column in set_columns:
            self.problems.append(f"it changes {table}.{column}, by which rows are spread")

    def inner_queries(self, query):
        """Those of the level below, in whatever place."""
        for item in query.children():
            for node in ([item] if isinstance(item, Node) else item if isinstance(item, list) else []):
                yield from self.queries_below(node)

    def queries_below(self, item):
        if isinstance(item, list):
            for each in item:
                yield from self.queries_below(each)
        elif isinstance(item, Node):
            if item.tag == "QUERY":
                yield item
                return
            for value in item.children():
                yield from self.queries_below(value)

    # ---- joins of what is spread

    def keys_inside(self, query):
        """The columns of distribution of all tables in a query and those inside of it."""
        keys = {self.key_of(query, number, table) for number, table in self.relations(query)
                if table in self.placement.distributed}
        return keys.union(*(self.keys_inside(inner) for inner in self.inner_queries(query)))

    def members(self, query, path):
        """What a query joins, each with the columns of distribution by which it may be joined."""
        named = {cte.ctename: cte.ctequery for level in path for cte in listed(level.cteList)}
        for number, entry in enumerate(listed(query.rtable), 1):
            inner = entry.subquery if entry.rtekind == SUBQUERY else None
            inner = named.get(entry.ctename) if entry.rtekind == CTE else inner
            if inner is not None and self.keys_inside(inner) and not query.setOperations:
                yield self.keys_inside(inner)
        for number, table in self.relations(query):
            if table in self.placement.distributed:
                yield {self.key_of(query, number, table)}

    def outer_keys(self, query, path):
        """The tables of shards outside that a query speaks of."""
        for var in nodes([value for value in query.children()], "VAR"):
            if var.varlevelsup == "0" or int(var.varlevelsup) >= len(path):
                continue
            thing = self.resolve(var, path)
            if thing and thing[0] == "column":
                outside = path[len(path) - 1 - int(var.varlevelsup)]
                for number, table in self.relations(outside):
                    if (id(outside), number) == thing[1:3] and table in self.placement.distributed:
                        yield self.key_of(outside, number, table)

    def look_at_joins(self, query, path, equal):
        members = list(self.members(query, path))
        if members:
            members += [{key} for key in self.outer_keys(query, path)]
        for one, other in zip(members, members[1:]):
            same = set().union(*(equal.members(key) for key in one))
            if one != other and not same & other and not self.are_bound(one, equal, other):
                self.crossing.append("it joins tables of shards by something else than the column that spreads them")
                return

    @staticmethod
    def are_bound(one, equal, other):
        """All to the same parameter: then they lie on one shard, however they are joined."""
        fixed = [frozenset(filter(is_fixed, equal.members(key))) for key in {*one, *other}]
        return all(fixed) and len(set(fixed)) == 1


def judge(name, tree, placement, catalogue):
    """What is wrong with a named statement; [] when nothing is."""
    if not isinstance(tree, Node):
        return [f"the database refuses it: {tree}"]
    statement = Statement(tree, placement, catalogue)
    wide = statement.is_spread and bool(statement.wide)
    problems = statement.problems if statement.is_spread or "inserts" in " ".join(statement.problems) else []
    if wide and name not in placement.scatter:
        problems = problems + [f"it goes to all shards: {statement.wide[0]}"]
    if not wide and name in placement.scatter:
        problems = problems + ["it stands in the list of those that go to all shards and does not"]
    return problems
