# SPDX-License-Identifier: Apache-2.0
"""Acts of a drawn life (trace_acts.py) that say something again, or say it wrongly."""
from trace_acts import act


@act(50)
def once_more(life):
    """The same under its key, another body under that key, or the same by somebody else."""
    keyed = [sent for sent in life.written if "Idempotency-Key" in sent[0]]
    if not keyed:
        return
    fields, method, path, body = life.dice.choice(keyed)
    if life.chance(0.2) and isinstance(body, dict):
        body = dict(body, note="another")
    if life.chance(0.1):
        other = life.person() if "Cookie" in fields else life.system()["fields"]
        fields = dict(other, **{"Idempotency-Key": fields["Idempotency-Key"]})
    if path == "/v1/claims":
        life.stranger(fields, method, path, body)
    else:
        life.send(fields, method, path, body)


BAD_VALUES = [None, True, 7, -1, 1.5, 2**63, "", "x", "é" * 200, "\u200b", "a\u0000b", [], ["x"], {}, {"x": 1}, "null"]
BAD_BODIES = [b"", b"{", b"[]", b"null", b'"x"', b'{"a":1,"a":2}', b"\xff", b"{}x", b'{"a":"\\ud800"}', b"[" * 40]
BAD_KEYS = ["x" * 256, "é", '"', " ", "a b"]


@act(45)
def wrong(life):
    """Something that was sent, with one thing changed."""
    if not life.written:
        return
    fields, method, path, body = life.dice.choice(life.written)
    if path in ("/v1/claims", "/v1/me/sign-out", "/v1/me/erase"):
        return
    fields = {name: value for name, value in fields.items() if name != "Idempotency-Key"}
    how = life.dice.choice(["value", "value", "value", "member", "body", "method", "id", "caller", "key", "query"])
    if how in ("value", "member") and isinstance(body, dict):
        name = life.dice.choice(sorted(body) or ["x"]) if how == "value" else "no_such_member"
        body = {**body, name: life.dice.choice(BAD_VALUES)}
    elif how == "body":
        body = life.dice.choice(BAD_BODIES)
    elif how == "method":
        method = life.dice.choice(["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    elif how == "id":
        parts = path.split("/")
        parts[-1 if life.chance(0.5) else -2] = life.never(parts[-1][:3] or "rel")
        path = "/".join(parts).replace("é", "%C3%A9")
    elif how == "caller":
        fields = life.dice.choice([{}, {"Authorization": "Bearer x"}, {"Cookie": "session=x"}, life.system()["fields"],
                                   life.person(), {**life.system()["fields"], **life.person()}])
    elif how == "key":
        fields["Idempotency-Key"] = life.dice.choice(BAD_KEYS)
    else:
        path += "?" + life.dice.choice(["x=1", "limit=1", "=", "&&", "%ff=1"])
    life.send(fields, method, path, body)


@act(5)
def object_to_sale(life):
    relationship = life.one(life.relationships, state="active")
    if relationship is not None:
        life.send(life.person(relationship), "POST", f"/v1/me/relationships/{relationship['id']}/objection",
                  life.dice.choice([{"stands": True}, {"stands": False}, {"stands": 1}, {}]))
