"""Computes every number of a maturity report anew from a decision log: other code than the product's, from
docs/maturity.md and docs/log.md alone. Prints the report as JSON, without its words. Fails where a line does not follow
from the one before.

usage: python3 recompute.py STATE
"""

import collections
import datetime
import glob
import hashlib
import json
import sys

FIVE = ["encrypted", "service_authenticated", "service_authorised", "user_authenticated", "user_authorised"]
STAGES = ["traditional", "initial", "advanced", "optimal"]

texts = []
for name in sorted(glob.glob(sys.argv[1] + "/log/*.jsonl")):
    with open(name, encoding="utf-8") as file:
        texts += [text for text in file if text.endswith("\n")]
lines = [json.loads(text) for text in texts]
for number, (line, before) in enumerate(zip(lines[1:], texts)):
    follows = line["prev"] == hashlib.sha256(before.rstrip("\n").encode()).hexdigest() and line["n"] == lines[0]["n"] + number + 1
    assert follows, f"line {line['n']} does not follow from the one before"

tests, in_force = [], ""
for line in lines:
    in_force = line["configuration"]["digest"] if "configuration" in line else in_force
    if isinstance(line.get("selfTest"), dict):
        tests.append({**line, "of": line["selfTest"]["policy"] if line["selfTest"]["proved"] else in_force})
decisions = [line for line in lines if "id" in line and "effect" in line and "selfTest" not in line]
completions = [line for line in lines if "completes" in line]
gaps = [line["gap"] for line in lines if "gap" in line]
configurations = [line["configuration"] for line in lines if "configuration" in line]
policy = configurations[-1]
digest = policy["digest"]
current = [one for one in decisions if one["policy"] == digest]
until = max(line["time"] for line in lines)
heads = [index for index, line in enumerate(lines) if "head" in line]
signed = heads[-1] + 1 if heads else 0


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def kind(reason):
    if reason in ("route_not_found", "method_not_allowed"):
        return "route"
    if reason in ("attack_scored", "attack_screened"):
        return "score"
    if reason in ("dpop_replay_window", "token_unverifiable"):
        return "unavailable"
    if reason == "score_step_up":
        return "access"
    return "access" if reason.split("_")[0] in ("token", "dpop", "grant", "authentication", "api", "certificate") else "other"


def on(route):
    return [one for one in current if one["route"] == route["name"]]


stands, canaries, moved, newest, modes = {}, {}, {}, None, {}
second = datetime.timedelta(seconds=1)
for line in lines:
    if "configuration" in line:
        now = {route["name"]: route["rung"] for route in line["configuration"]["routes"]}
        if line["configuration"]["digest"] != newest:
            for name in set(now) | set(modes):
                if now.get(name) != modes.get(name):
                    stands.pop(name, None)
                    canaries.pop(name, None)
        newest, modes = line["configuration"]["digest"], now
    elif "move" in line:
        name, what, to = (line["move"][key] for key in ("route", "kind", "to"))
        moved[name] = moment(line["time"])
        settles = what in ("promote", "demote", "pin", "reset")
        if what == "canary":
            canaries[name] = to
        elif settles or what == "canary-end":
            canaries.pop(name, None)
        if settles:
            stands[name] = to
    elif "id" in line and "effect" in line and "selfTest" not in line and line["policy"] == newest:
        met = line["route"] not in moved or moment(line["time"]) - moved[line["route"]] >= second
        if met and line["rung"] != canaries.get(line["route"]):
            stands[line["route"]] = line["rung"]


def rung(route):
    return stands.get(route["name"], route["rung"])


def newest_test(route):
    own = [t for t in tests if t["selfTest"]["route"] == route["name"] and t["of"] == digest]
    return own[-1] if own else None


def fresh_test(route):
    test = newest_test(route)
    if test is None or moment(until) - moment(test["time"]) > datetime.timedelta(days=1):
        return {}
    return test["selfTest"]


def denied_for(route, what):
    test = newest_test(route)
    since = test["time"] if test and not test["selfTest"]["proved"] else ""
    return any(o["effect"] == "deny" and kind(o["reason"]) == what and o["time"] > since for o in on(route))


access = {r["name"]: denied_for(r, "access") or bool(fresh_test(r).get("access")) for r in policy["routes"]}
score = {r["name"]: denied_for(r, "score") or bool(fresh_test(r).get("score")) for r in policy["routes"]}
tested = {r["name"]: bool(fresh_test(r).get("proved")) for r in policy["routes"]}
routes = policy["routes"]
closed = [route for route in routes if not route["public"]]
scored_routes = [route for route in routes if route["score"] != "off"]
grants = [{**grant, "route": route["name"]} for route in routes for grant in route["allow"]]
known = {route["name"] for route in routes}
permitted = [one for one in current if one["effect"] == "permit" and one["route"] in known and one["subject"]["grant"]]
used = {(one["route"], one["subject"]["grant"]) for one in permitted}
scored = [one for one in current if one["route"] in known and one["score"]["by"] != "nothing"]
verified = [one for one in permitted if set(one["checks"]) & {"user_authenticated", "service_authenticated"}]
named = [one for one in current if one["policy"] and one["bundle"] and one["module"]]
present = len(decisions) + len(completions)
missing = sum(gap["last"] - gap["first"] + 1 for gap in gaps)
lost = sum({gap["worker"]: gap["lost"] for gap in gaps}.values())
numbered = present + missing
gates = {}


def gate(name, stage, needs, of, declared, observed=0, proved=0, share=1.0):
    holds = {"declared": declared, "observed": observed, "proved": proved}[needs]
    met = of > 0 and holds >= share * of
    units = {"of": of, "declared": declared, "observed": observed, "proved": proved}
    gates[name] = {"id": name, "stage": STAGES[stage], "needs": needs, "share": share, **units, "holds": holds, "met": met}


def count(name, stage, seen, of, share=1.0):
    gate(name, stage, "observed", of, seen, seen, 0, share)


def items(name, stage, needs, all_items, declared, observed=None, proved=None, share=1.0):
    said = [one for one in all_items if declared(one)]
    shown = [one for one in said if (observed and observed(one)) or (proved and proved(one))]
    gate(name, stage, needs, len(all_items), len(said), len(shown), len([o for o in said if proved and proved(o)]), share)


def having(check, among):
    return len([one for one in among if check in one["checks"]])


asked = lambda route: bool(on(route))
enforcing = lambda route: rung(route) != "observe"
stops_attacks = lambda route: route["score"] != "off" and rung(route) in ("prevent", "adapt")
was_used = lambda grant: (grant["route"], grant["id"]) in used
was_scored = lambda route: any(one["score"]["by"] != "nothing" for one in on(route))

items("identity.enforced", 1, "proved", closed, enforcing, asked, lambda r: access[r["name"]])
items("identity.specific", 1, "declared", grants, lambda g: bool(g["scopes"] or g["workload"] or g["apiKey"] or g["conditions"]), was_used)
items("identity.possession", 2, "declared", closed, lambda r: r["strong"], asked)
items("identity.used", 2, "observed", grants, lambda g: True, was_used)
count("identity.continuous", 3, len(verified), len(permitted))
items("identity.expiring", 3, "declared", grants, lambda g: g["expires"], was_used)
validates = int(policy["clientCertificates"])
by_token = lambda who: who["token"] == "valid" and not who["issuer"]
came = validates if having("service_authenticated", [o for o in current if o["route"] in known and not by_token(o["subject"])]) else 0
gate("devices.validated", 1, "observed", 1, validates, came)
count("devices.authenticated", 2, having("service_authenticated", permitted), len(permitted))
count("devices.authorised", 3, having("service_authorised", permitted), len(permitted))
count("networks.encrypted", 1, having("encrypted", current), len(current))
denies = int(policy["mode"] != "observe")
unmatched = any(o["route"] == "" and o["effect"] == "deny" and kind(o["reason"]) == "route" for o in current)
gate("networks.default-deny", 1, "proved", 1, denies, denies * unmatched, denies * unmatched)
items("networks.methods", 2, "declared", routes, lambda r: bool(r["methods"]), asked)
at_risk = [one for route in routes if stops_attacks(route) for one in on(route)]
blind = [one for one in at_risk if one["score"]["uninspected"] and one["effect"] == "permit"]
count("networks.inspected", 2, len(at_risk) - len(blind), len(at_risk), 0.999)
items(
    "networks.micro-perimeters", 3, "observed", closed,
    lambda r: bool(r["allow"]) and all(g["workload"] for g in r["allow"]),
    lambda r: having("service_authorised", [o for o in permitted if o["route"] == r["name"]]) > 0,
)
any_proof = lambda r: access[r["name"]] or score[r["name"]] or tested[r["name"]]
items("applications.enforced", 1, "proved", routes, enforcing, asked, any_proof, 0.5)
items("applications.scored", 1, "observed", routes, lambda r: r["score"] != "off", was_scored, None, 0.5)
count("applications.deployed", 1, len(named), len(current))
items("applications.protected", 2, "proved", scored_routes, stops_attacks, was_scored, lambda r: score[r["name"]])
items("applications.tested", 2, "proved", routes, lambda r: True, asked, lambda r: tested[r["name"]])
adapts = lambda r: rung(r) == "adapt"
items("applications.adapting", 3, "proved", scored_routes, adapts, asked, lambda r: score[r["name"]])
items("data.granted", 1, "declared", routes, lambda r: not r["public"], asked, None, 0.5)
count("data.transit", 1, having("encrypted", permitted), len(permitted))
hashed = lambda who: len(who["id"]) in (0, 32) and not who["id"].strip("0123456789abcdef")
masked = [o for o in current if hashed(o["subject"]) and "sub" not in o["subject"]]
count("data.masked", 2, len(masked), len(current))
items("data.attributes", 2, "declared", grants, lambda g: g["conditions"] > 0, was_used)
items("data.just-in-time", 3, "observed", grants, lambda g: g["expires"], was_used)
count("visibility.recorded", 1, present, numbered, 0.999)
gate("visibility.signed", 2, "proved", len(lines), signed, signed, signed, 0.99)
attacks = [o for o in current if o["route"] in known and o["effect"] == "deny" and kind(o["reason"]) == "score"]
count("visibility.explained", 2, len([o for o in attacks if o["score"]["finding"]]), len(attacks))
count("visibility.scored", 3, len(scored), len(current), 0.9)
items("automation.decided", 1, "observed", routes, enforcing, asked, None, 0.5)
hours = collections.defaultdict(lambda: {"permitted": 0, "wouldDeny": 0, "denied": 0, "selfTests": 0})
for one in decisions:
    what = "denied" if one["effect"] == "deny" else "wouldDeny" if one["wouldDeny"] else "permitted"
    hours[one["time"][:13]][what] += 1
for one in tests:
    hours[one["time"][:13]]["selfTests"] += 1
count("automation.self-tested", 2, len([h for h in hours.values() if h["selfTests"]]), len(hours), 0.9)
items("automation.adapting", 3, "observed", scored_routes, adapts, asked)
told = {one["digest"] for one in configurations}
count("governance.known", 1, len([o for o in decisions if o["policy"] in told]), len(decisions))
closed_grants = [grant for route in closed for grant in route["allow"]]
items("governance.owned", 2, "declared", closed_grants, lambda g: g["owned"])
items("governance.lapsing", 3, "declared", closed_grants, lambda g: g["expires"])

areas = []
for area in dict.fromkeys(name.split(".")[0] for name in gates):
    own = [each for name, each in gates.items() if name.startswith(area + ".")]
    reached = 0
    for stage in (1, 2, 3):
        of_stage = [each["met"] for each in own if each["stage"] == STAGES[stage]]
        if reached == stage - 1 and of_stage and all(of_stage):
            reached = stage
    met = len([each for each in own if each["met"]])
    areas.append({"area": area, "stage": STAGES[reached], "met": met, "of": len(own), "gates": own})

beyond = [one for one in current if one["route"] == ""]
tenets = [
    [len(current) - len(beyond), len(current)],
    [having("encrypted", current), len(current)],
    [len(verified), len(permitted)],
    [len(scored), len(current)],
    [len(named), len(current)],
    [len([one for one in current if one["rung"] != "observe"]), len(current)],
    [present, numbered],
]


def mover(by):
    return by["kind"] + " " + by["name"] if "name" in by else by["kind"]


def described(route):
    seen = on(route)
    denied = [one for one in seen if one["effect"] == "deny"]
    would = [one["wouldDeny"] for one in seen if one["wouldDeny"]]
    who = {one["subject"]["id"] or one["subject"]["workload"] or one["subject"]["apiKey"] for one in seen} - {""}
    return {
        "route": route["name"],
        "rung": rung(route),
        "public": route["public"],
        "requests": len(seen),
        "permitted": len(seen) - len(denied),
        "denied": len(denied),
        "wouldDeny": len(would),
        "principals": len(who),
        "checks": {check: having(check, seen) for check in FIVE},
        "rungs": collections.Counter(one["rung"] for one in seen),
        "denials": collections.Counter(one["reason"] for one in denied),
        "wouldDenials": collections.Counter(would),
        "moves": [
            {"time": line["time"], "kind": move["kind"], "from": move["from"], "to": move["to"], "by": mover(move["by"])}
            for line in lines
            for move in [line.get("move")]
            if move and move["route"] == route["name"]
        ],
        "selfTest": (fresh_test(route)["problem"] or "passed") if fresh_test(route) else "none",
        "enforcing": "no" if not enforcing(route) else "proved" if any_proof(route) else "declared",
    }


print(
    json.dumps(
        {
            "from": min(line["time"] for line in lines),
            "until": until,
            "policy": {key: policy[key] for key in ("digest", "mode", "log")},
            "decisions": len(current),
            "areas": areas,
            "tenets": tenets,
            "routes": [described(route) for route in routes],
            "hours": [{"hour": hour, **hours[hour]} for hour in sorted(hours)],
            "log": {"lines": len(lines), "signed": signed, "decisions": len(decisions), "missing": missing, "lost": lost},
        }
    )
)
