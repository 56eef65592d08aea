"""The one wiring place: settings and features in, web application and background processes out."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import FrameType

import redis
from flask import Flask
from flask_smorest import Blueprint

from kupon.features.areas import routes as areas
from kupon.features.assets import routes as assets
from kupon.features.async_actions import routes as async_actions
from kupon.features.campaigns import jobs as campaign_jobs
from kupon.features.campaigns import reactions as campaign_news
from kupon.features.campaigns import routes as campaigns
from kupon.features.categories import routes as categories
from kupon.features.client import routes as client
from kupon.features.customers import reactions as customer_news
from kupon.features.customers import routes as customers
from kupon.features.customers import service as customers_service
from kupon.features.events import reactions as event_news
from kupon.features.events import routes as events
from kupon.features.integrations import jobs as integration_jobs
from kupon.features.integrations import routes as integrations
from kupon.features.integrations.service.tenants import Tenants
from kupon.features.locations import routes as locations
from kupon.features.loyalties import jobs as loyalty_jobs
from kupon.features.loyalties import reactions as loyalty_news
from kupon.features.loyalties import routes as loyalties
from kupon.features.management import routes as management_routes
from kupon.features.management import service as management
from kupon.features.metadata_schemas import routes as metadata_schemas
from kupon.features.orders import routes as orders
from kupon.features.plugins import jobs as plugin_jobs
from kupon.features.plugins import routes as plugins
from kupon.features.product_collections import routes as product_collections
from kupon.features.products import routes as products
from kupon.features.promotions import routes as promotions
from kupon.features.publications import reactions as publication_news
from kupon.features.publications import routes as publications
from kupon.features.qualifications import routes as qualifications
from kupon.features.redemptions import reactions as redemption_news
from kupon.features.redemptions import routes as redemptions
from kupon.features.referrals import reactions as referral_news
from kupon.features.referrals import routes as referrals
from kupon.features.rewards import reactions as reward_news
from kupon.features.rewards import routes as rewards
from kupon.features.segments import jobs as segment_jobs
from kupon.features.segments import reactions as segment_news
from kupon.features.segments import routes as segments
from kupon.features.templates import routes as templates
from kupon.features.trash_bin import routes as trash_bin
from kupon.features.validation_rules import reactions as rule_news
from kupon.features.validation_rules import routes as validation_rules
from kupon.features.validations import reactions as validation_news
from kupon.features.validations import routes as validations
from kupon.features.vouchers import reactions as voucher_news
from kupon.features.vouchers import routes as vouchers
from kupon.features.webhooks import jobs as webhook_jobs
from kupon.features.webhooks import routes as webhooks
from kupon.hooks.tenancy import install
from kupon.jobs.callers import AT_ONCE
from kupon.jobs.registry import JobRegistry, Periodic
from kupon.jobs.relay import Relay
from kupon.jobs.schedule import run_scheduler as schedule
from kupon.jobs.worker import run_worker as work
from kupon.runtime import priority
from kupon.runtime.log import configure_logging
from kupon.runtime.settings import Settings
from kupon.storage import idempotency
from kupon.storage.administration import single_unit
from kupon.storage.database import Engine, open_database
from kupon.storage.queries import accruals, outbox, session_locks
from kupon.storage.queries.referrals import has_programmes
from kupon.storage.queries.segments import has_filtered
from kupon.storage.uow import UnitOfWork
from kupon.web.app import build_app

EVENTS_KEPT = timedelta(days=30)
# Database connections of a background process that calls nobody.
_OWN_CONNECTIONS = 2

BLUEPRINTS: tuple[Blueprint, ...] = (
    areas.blueprint,
    async_actions.blueprint,
    campaigns.blueprint,
    categories.blueprint,
    client.blueprint,
    customers.blueprint,
    events.blueprint,
    integrations.blueprint,
    locations.blueprint,
    loyalties.blueprint,
    management_routes.blueprint,
    metadata_schemas.blueprint,
    orders.blueprint,
    product_collections.blueprint,
    plugins.blueprint,
    products.blueprint,
    promotions.blueprint,
    publications.blueprint,
    qualifications.blueprint,
    redemptions.blueprint,
    referrals.blueprint,
    rewards.blueprint,
    segments.blueprint,
    templates.blueprint,
    trash_bin.blueprint,
    validation_rules.blueprint,
    validations.blueprint,
    vouchers.blueprint,
    webhooks.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application; settings come from the environment when None."""
    settings = settings or Settings.from_env()
    configure_logging(settings)
    tenants = Tenants.load(settings)
    install(tenants)
    app = build_app(settings, (*BLUEPRINTS, plugins.mount(tenants)), tenants)
    assets.register(app)
    integrations.mount(app, tenants)
    return app


def build_registry(tenants: Tenants | None = None) -> JobRegistry:
    """Every background task, event consumer and periodic task of the program.

    Shapes:  tenants are loaded as the environment says when None.
    """
    tenants = tenants or Tenants.load(Settings.from_env())
    install(tenants)
    registry = JobRegistry()
    campaign_jobs.register(registry)
    integration_jobs.register(registry, tenants)
    loyalty_jobs.register(registry)
    plugin_jobs.register(registry, tenants)
    segment_jobs.register(registry)
    webhook_jobs.register(registry, tenants)
    registry.subscribe(
        "loyalty",
        loyalty_news.react,
        loyalty_news.OCCASIONS,
        when=accruals.has_rules,
        always=loyalty_news.ALWAYS,
    )
    registry.subscribe(
        "referrals", referral_news.count_referrals, referral_news.EVENTS, when=has_programmes
    )
    registry.subscribe(
        "segment_members", segment_news.refresh_members, segment_news.EVENTS, when=has_filtered
    )
    _describe_all(registry)
    registry.listen(customers_service.record_activities)
    registry.periodic += [
        Periodic("purge_idempotency", timedelta(hours=1), _purge_idempotency),
        Periodic("purge_events", timedelta(hours=1), _purge_events),
        Periodic("purge_session_locks", timedelta(minutes=5), _purge_session_locks),
    ]
    return registry


def _describe_all(registry: JobRegistry) -> None:
    """Who says what events mean for feeds, receivers, plugins and platforms."""
    for describe, told in (
        (customer_news.describe, customer_news.EVENTS),
        (event_news.describe, event_news.EVENTS),
        (loyalty_news.describe, loyalty_news.TOLD),
        (publication_news.describe, publication_news.EVENTS),
        (redemption_news.describe, redemption_news.EVENTS),
        (referral_news.describe, referral_news.TOLD),
        (reward_news.describe, reward_news.EVENTS),
        (voucher_news.describe, voucher_news.TOLD),
    ):
        registry.describe(describe, told)
    for describe, told in (
        (campaign_news.describe, campaign_news.EVENTS),
        (customer_news.describe, customer_news.OWN),
        (loyalty_news.describe_lines, loyalty_news.LINES),
        (publication_news.describe_codes, publication_news.CODES),
        (redemption_news.describe_gift_lines, redemption_news.GIFT_LINES),
        (rule_news.describe, rule_news.EVENTS),
        (validation_news.describe, validation_news.EVENTS),
        (voucher_news.describe_plain, voucher_news.PLAIN),
    ):
        registry.describe(describe, told, is_for_feeds=False)


def run_worker(settings: Settings, *, burst: bool = False) -> None:
    """Work on background jobs until told to stop, or until none is queued (burst)."""
    work(
        _open_background(settings, pool_size=_OWN_CONNECTIONS + AT_ONCE),
        redis.Redis.from_url(settings.redis_url),
        build_registry(Tenants.load(settings)),
        is_burst=burst,
    )


def run_relay(settings: Settings, *, once: bool = False) -> None:
    """Relay events and wake workers until told to stop, or a single time (once)."""
    relay = Relay(
        _open_background(settings),
        redis.Redis.from_url(settings.redis_url),
        build_registry(Tenants.load(settings)),
    )
    if once:
        relay.turn()
    else:
        relay.run(_StopSignal())


def run_scheduler(settings: Settings) -> None:
    """Run periodic tasks until told to stop."""
    registry = build_registry(Tenants.load(settings))
    schedule(_open_background(settings), registry, _StopSignal())


def _open_background(settings: Settings, pool_size: int = _OWN_CONNECTIONS) -> Engine:
    """The database of a background process, which leaves the processor to the web processes."""
    configure_logging(settings)
    priority.step_back()
    return open_database(settings.database_url, pool_size=pool_size, is_repeatable=True)


def provision(settings: Settings, name: str) -> dict[str, str]:
    """Create a project with its key pairs; the only moment at which the secrets are known."""
    with single_unit(settings.database_url) as uow:
        return management.provision(uow, name)


def add_integration_key(settings: Settings, project_id: str, name: str) -> dict[str, str]:
    """Create a key for one integration with a project; its secret is known now only.

    Raises:  KuponError not_found for the project.
    """
    with single_unit(settings.database_url) as uow:
        return management.add_integration_key(uow, project_id, name)


def add_restricted_key(
    settings: Settings, project_id: str, name: str, named: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Create a key for some areas and stores of a project; its secret is known now only.

    Raises:  KuponError; see `management.add_restricted_key`.
    """
    with single_unit(settings.database_url) as uow:
        return management.add_restricted_key(uow, project_id, name, named)


class _StopSignal:
    """Tells whether SIGTERM or SIGINT has come since it was made."""

    def __init__(self) -> None:
        self._has_come = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, _: int, __: FrameType | None) -> None:
        self._has_come = True

    def __call__(self) -> bool:
        return self._has_come


def _purge_idempotency(uow: UnitOfWork) -> None:
    idempotency.purge(uow, uow.now - idempotency.KEPT_FOR)


def _purge_session_locks(uow: UnitOfWork) -> None:
    session_locks.purge(uow)


def _purge_events(uow: UnitOfWork) -> None:
    outbox.purge_events(uow, uow.now - EVENTS_KEPT)
