"""App Service authentication by Azure's word: whom it lets in before the app is asked."""

from probes.judge.azure import Found
from probes.judge.scene import View
from probes.path import Role
from probes.resources import AuthSettingsContent


def settings(view: View) -> Found[AuthSettingsContent]:
    """The authentication settings of the app that a target is."""
    if view.target.role not in {Role.BACKEND, Role.SCM}:
        return Found()
    return view.scene.azure.read(AuthSettingsContent, view.scene.azure.resource(view.target))


def audience_words(view: View, audience: str, *, by_app: bool) -> dict[str, str]:
    """Words on the audience of a token that was rejected; `by_app` = the app itself gives a reason."""
    found = settings(view).content
    if found is None:
        return {}
    if found.enabled is False:
        return {}
    accepted = [*found.allowed_audiences, *((found.client_id, f"api://{found.client_id}") if found.client_id else ())]
    if not (found.enabled and found.require_authentication and accepted) or by_app:
        return {}
    return {"allowed_audience" if audience in accepted else "allowed": ", ".join(dict.fromkeys(accepted))}


def redirect_words(view: View) -> dict[str, str]:
    """Whether the platform sends callers to its login page by its settings."""
    found = settings(view).content
    sends = found is not None and bool(found.enabled)
    return (
        {"platform_redirects": "yes"}
        if sends and found and found.unauthenticated_action == "RedirectToLoginPage"
        else {}
    )
