"""What a finding means, as the route `findings/{id}` answers it."""

import json
from difflib import get_close_matches

import azure.functions as func

from probes.app.problem import Problem, Reason, Wrong
from probes.judge.rules import EVERY_RULE
from probes.tell.explanation import rule_table

RULES = {rule.id: rule for rule in EVERY_RULE}


async def answer(request: func.HttpRequest, _correlation_id: str) -> func.HttpResponse:
    """The rule that makes the finding; raises Problem with the ids that look alike."""
    name = request.route_params.get("id", "")
    rule = RULES.get(name)
    if rule is None:
        near = get_close_matches(name, RULES) or sorted(RULES)
        raise Problem(Reason.UNKNOWN_NAME, Wrong(key="id", value=name, allowed=f"one of {', '.join(near)}"))
    return func.HttpResponse(json.dumps(rule_table(rule)), mimetype="application/json")
