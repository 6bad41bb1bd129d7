"""Whether API Management stands in the network only, by Azure's word."""

from collections.abc import Iterator

from probes.judge.azure.readings import resource_name
from probes.judge.rule import Match
from probes.judge.rules.clues import latent
from probes.judge.rules.words import words
from probes.judge.scene import Scene
from probes.path import Role


def open_service(scene: Scene) -> Iterator[Match]:
    """A gateway that Azure puts on the internet as well, though its name is private here."""
    service = scene.azure.service
    content = service.content
    if scene.azure.silent or content is None or content.network_type is None:
        return
    closed = (content.public_network_access or "").lower() == "disabled"
    if content.network_type.lower() == "internal" or closed:
        return
    for view in scene.having(Role.GATEWAY):
        answer = view.dns
        if view.must_be_private and answer is not None and view.private(answer.addresses):
            how = f"has a private address here, and {resource_name(scene.azure.service_id)} has a public one as well: its virtualNetworkType is {content.network_type} by Azure"
            yield latent(
                Match(
                    targets=(view.target.name,),
                    subject=view.target.host,
                    evidence=(*answer.ids, *service.ids),
                    words={**words(view), "how": how},
                    exposes=True,
                )
            )


def vip_words(scene: Scene) -> dict[str, str]:
    """The private address that API Management has by Azure, where its name leads elsewhere."""
    content = scene.azure.service.content
    internal = content is not None and (content.network_type or "").lower() == "internal"
    if content is None:
        return {}
    if internal and content.private_addresses:
        return {"private_vip": ", ".join(content.private_addresses)}
    return {"network_type": content.network_type} if content.network_type and not internal else {}
