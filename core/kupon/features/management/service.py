"""Use cases of management: projects with their key pairs, and stacking rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kupon.engine.access import Scope
from kupon.engine.model import StackingRules
from kupon.features.management import schemas
from kupon.kit.errors import KuponError, invalid_payload, not_found
from kupon.kit.pages import list_body
from kupon.kit.timestamps import format_moment
from kupon.runtime import ids
from kupon.storage.definitions import write_stacking_rules
from kupon.storage.queries import areas, keys, projects, stacking_rules
from kupon.storage.uow import UnitOfWork

# Places that a restricted key may be assigned to.
MOST_ASSIGNMENTS = 100

# A category can't have both roles of a pair.
_OPPOSITES = (
    ("exclusive_categories", "joint_categories"),
    ("no_effect_skip_categories", "no_effect_redeem_anyway_categories"),
    ("initial_amount_mode_categories", "discounted_amount_mode_categories"),
)


def provision(uow: UnitOfWork, name: str, *, timezone: str = "UTC") -> dict[str, str]:
    """Create a project that can be used at once, and the key pairs that open it.

    Shapes:  the identifiers and secrets; the secrets can't be read again later. The client key
        is open to every origin until the project's list of domains is narrowed.
    """
    project_id = ids.new_id("proj_")
    projects.insert_project(
        uow,
        id=project_id,
        name=name,
        timezone=timezone,
        tracking_key=ids.new_cipher_key(),
        client_trusted_domains=["*"],
        client_settings={
            "client_redeem_enabled": True,
            "client_publish_enabled": True,
            "client_loyalty_events_enabled": True,
        },
    )
    server, client = (_create_key(uow, project_id, kind) for kind in ("server", "client"))
    management = (ids.new_id("mng_"), ids.new_token())
    keys.insert_management_key(uow.session, app_id=management[0], token=management[1], now=uow.now)
    return {
        "project_id": project_id,
        "app_id": server[0],
        "app_token": server[1],
        "client_application_id": client[0],
        "client_token": client[1],
        "management_id": management[0],
        "management_token": management[1],
    }


def _create_key(
    uow: UnitOfWork,
    project_id: str,
    kind: str,
    *,
    name: str | None = None,
    scope: Scope | None = None,
) -> tuple[str, str]:
    app_id, token = ids.new_id("app_"), ids.new_token()
    keys.insert_key(
        uow.session,
        project_id=project_id,
        app_id=app_id,
        token=token,
        kind=kind,
        name=name or f"{kind} key",
        now=uow.now,
        scope=scope,
    )
    return app_id, token


def add_integration_key(uow: UnitOfWork, project_id: str, name: str) -> dict[str, str]:
    """Give a project a server key for one integration.

    Shapes:  identifier and secret, which can't be read again later.
    Raises:  not_found for the project.
    """
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)
    app_id, token = _create_key(uow, project_id, keys.INTEGRATION, name=name)
    return {"app_id": app_id, "app_token": token}


def add_restricted_key(
    uow: UnitOfWork, project_id: str, name: str, named: areas.Named
) -> dict[str, str]:
    """Give a project a server key that reaches the campaigns of some areas and stores only.

    Shapes:  identifier and secret, which can't be read again later; named has the ids as campaigns'
        `access_settings` name them.
    Raises:  not_found for the project, an area or a store; invalid_payload for none or too many.
    """
    if projects.find_project(uow, project_id) is None:
        raise not_found("project", project_id)
    scope = areas.hold_places(uow, project_id, named)
    if not 1 <= len(scope) <= MOST_ASSIGNMENTS:
        raise invalid_payload(f"A restricted key must have 1 to {MOST_ASSIGNMENTS} assignments")
    app_id, token = _create_key(uow, project_id, "server", name=name, scope=scope)
    return {"app_id": app_id, "app_token": token}


def list_stacking_rules(uow: UnitOfWork, project_id: str) -> dict[str, Any]:
    """The rules in force, always one; the defaults have no id."""
    stored = stacking_rules.find_stacking_rules(uow, project_id)
    rules = stored or write_stacking_rules(StackingRules())
    return list_body("data", [schemas.dump_stacking_rules(rules)], total=1)


def create_stacking_rules(
    uow: UnitOfWork, project_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Replace a project's default rules by its own; it can have them once."""
    stored = stacking_rules.lock_stacking_rules(uow, project_id)
    if stored is not None:
        raise KuponError(
            "stacking_rules_exist", resource_id=stored["id"], resource_type="stacking_rules"
        )
    rules = write_stacking_rules(StackingRules()) | dict(body)
    if "applicable_redeemables_limit" not in body:
        # The default gives way to the limit that the caller asks for.
        highest = min(rules["applicable_redeemables_limit"], rules["redeemables_limit"])
        rules["applicable_redeemables_limit"] = highest
    _check_rules(rules)
    rules |= {"id": ids.new_id("stk_"), "created_at": format_moment(uow.now)}
    stacking_rules.save_stacking_rules(uow, project_id, rules)
    return schemas.dump_stacking_rules(rules)


def get_stacking_rules(uow: UnitOfWork, project_id: str, rules_id: str) -> dict[str, Any]:
    """A project's own rules."""
    stored = stacking_rules.find_stacking_rules(uow, project_id)
    return schemas.dump_stacking_rules(_named(stored, rules_id))


def update_stacking_rules(
    uow: UnitOfWork, project_id: str, rules_id: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Change what the body names."""
    stored = _named(stacking_rules.lock_stacking_rules(uow, project_id), rules_id)
    rules = stored | dict(body) | {"updated_at": format_moment(uow.now)}
    _check_rules(rules)
    stacking_rules.save_stacking_rules(uow, project_id, rules)
    return schemas.dump_stacking_rules(rules)


def delete_stacking_rules(uow: UnitOfWork, project_id: str, rules_id: str) -> None:
    """Restore the default rules."""
    _named(stacking_rules.lock_stacking_rules(uow, project_id), rules_id)
    stacking_rules.save_stacking_rules(uow, project_id, None)


def _named(stored: dict[str, Any] | None, rules_id: str) -> dict[str, Any]:
    if stored is None or stored["id"] != rules_id:
        raise not_found("stacking_rules", rules_id)
    return stored


def _check_rules(rules: Mapping[str, Any]) -> None:
    """Refuse rules that contradict each other.

    Source:  spec discounts-and-stacking, section 9.1.
    """
    highest = rules["redeemables_limit"]
    if rules["applicable_redeemables_limit"] > highest:
        raise invalid_payload(f"Property .applicable_redeemables_limit must be <= {highest}")
    for one, other in _OPPOSITES:
        if set(rules[one]) & set(rules[other]):
            raise invalid_payload(f"Property .{other} must not have categories of .{one}")
