"""From API Management to where it sends the calls of a target's URL, and to its network; and its own test."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from probes.azure import api, service
from probes.azure.follow import of_subnet
from probes.azure.policy import Draft, composed
from probes.azure.question import Question
from probes.azure.reader import Result
from probes.azure.resource_id import name_of
from probes.azure.survey import Survey, together
from probes.failure import Failure
from probes.observe.notebook import Limit
from probes.path import Target
from probes.records import Vantage
from probes.resources import NamedValuesContent, ServiceContent

MOST_FRAGMENTS = 16
type Asked = tuple[Question, Result]
"""A policy: what was asked and what came of it."""


async def of_service(survey: Survey, target: Target, service_id: str) -> None:
    """The service, its network and the API of the target."""
    await together(
        of_network(survey, target, service_id),
        survey.ask(target, service.network_status(service_id)),
        survey.ask(target, service.backends(service_id)),
        survey.ask(target, service.diagnostic(service_id, "service")),
        of_url(survey, target, service_id),
    )


async def of_network(survey: Survey, target: Target, service_id: str) -> None:
    """The service and its subnet."""
    found = await survey.ask(target, service.service(service_id))
    if isinstance(found, ServiceContent):
        await of_subnet(survey, target, found.subnet_id)


async def of_url(survey: Survey, target: Target, service_id: str) -> None:
    """Where a call of the target's URL is sent: the API it belongs to, and every policy on its way."""
    scopes: list[tuple[str, Asked]] = []
    general, own = await together(asked(survey, api.policy(service_id, "service")), of_api(survey, target, service_id))
    scopes += [("service", general), *own]
    fragments = await of_fragments(survey, service_id, [result.value for _, (_, result) in scopes])
    drafts = {name: found.value for name, (_, found) in fragments.items() if isinstance(found.value, Draft)}
    policies = [*scopes, *(("fragment", each) for each in fragments.values())]
    wanted = [result.value.named_values for _, (_, result) in policies if isinstance(result.value, Draft)]
    values = await of_named_values(survey, target, service_id, frozenset().union(*wanted))
    for scope, (question, result) in policies:
        content = composed(result.value, scope, drafts, values) if isinstance(result.value, Draft) else None
        survey.write(target, question, result, content=content)


async def of_api(survey: Survey, target: Target, service_id: str) -> list[tuple[str, Asked]]:
    """The API of the target's URL, and the policies of it and of its operation."""
    question = api.apis(service_id)
    result = await survey.reader.result(question)
    found = None if result.value is None else api.of_url(target, result.value)
    if found is None:
        if result.failure is None:
            result = replace(result, failure=Failure.NOT_FOUND, detail="no API's path is the beginning of the URL's")
        survey.write(target, question, result)
        return []
    one, rest = found
    survey.write(
        target, replace(question, resource_id=one.id, name=name_of(one.id)), replace(result, value=one.content)
    )
    own, operation, _ = await together(
        asked(survey, api.policy(one.id, "api")),
        of_operation(survey, target, one.id, rest),
        survey.ask(target, service.diagnostic(one.id, f"api/{name_of(one.id)}")),
    )
    return [("api", own), *operation]


async def of_operation(survey: Survey, target: Target, api_id: str, rest: tuple[str, ...]) -> list[tuple[str, Asked]]:
    """The policy of the operation that a call of the target comes to, if there is one."""
    question = api.operations(api_id)
    result = await survey.reader.result(question)
    if result.failure is not None:
        survey.write(target, question, result)
        return []
    found = api.of_call(target.method, rest, result.value)
    return [] if found is None else [("operation", await asked(survey, api.policy(found.id, "operation")))]


async def of_fragments(survey: Survey, service_id: str, drafts: Iterable[Draft | None]) -> Mapping[str, Asked]:
    """The fragments that the documents include, and those that these include, by name."""
    found: dict[str, Asked] = {}
    left = list(drafts)
    while left and len(found) < MOST_FRAGMENTS:
        names = dict.fromkeys(name for draft in left if draft is not None for name in draft.fragments)
        new = [name for name in names if name not in found][: MOST_FRAGMENTS - len(found)]
        answers = await together(*(asked(survey, api.fragment(service_id, name)) for name in new))
        found.update(zip(new, answers, strict=True))
        left = [result.value for _, result in answers]
    return found


async def of_named_values(survey: Survey, target: Target, service_id: str, wanted: frozenset[str]) -> Mapping[str, str]:
    """Named values that can be read, by the name that policies have for them; asked for only where there are any."""
    if not wanted:
        return {}
    question = api.named_values(service_id)
    result = await survey.reader.result(question)
    every = result.value.values if isinstance(result.value, NamedValuesContent) else ()
    kept = tuple(value for value in every if value.name in wanted)
    survey.write(target, question, result, content=NamedValuesContent(values=kept))
    return {value.name: value.value for value in kept if value.value is not None}


async def asked(survey: Survey, question: Question) -> Asked:
    """A policy is written down when all is known that it is made of."""
    return question, await survey.reader.result(question)


async def tested(survey: Survey, target: Target, service_id: str, limit: Callable[[], Limit]) -> None:
    """API Management's own test of a backend, which needs to know in which of its regions to run."""
    found = await survey.ask(target, service.service(service_id))
    question = service.connectivity(service_id, target)
    region = found.location if isinstance(found, ServiceContent) else None
    if region is None:
        why = "API Management does not say where it stands"
        now_ms = survey.reader.notebook.elapsed_ms()
        result = Result(
            started_ms=now_ms, ended_ms=now_ms, status=None, failure=Failure.SKIPPED, detail=why, value=None
        )
    else:
        result = await survey.reader.tested(question, service.test(target, region), limit)
    survey.write(target, question, result, vantage=Vantage.GATEWAY)
