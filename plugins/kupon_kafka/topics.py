"""Making topics as their contents want them: what is kept, and for how long.

Source: spec adapters-marketing, section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kupon.hooks.addresses import AddressGuard
from kupon.hooks.errors import AdapterError, Misconfigured, Unavailable
from kupon_kafka.cluster import (
    LOOK_S,
    Ear,
    ask,
    check_settings,
    open_client,
    options_of,
    understood,
)

_DAY_MS: Final = 86_400_000


def _kept_for(days: int) -> Mapping[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * _DAY_MS)}


_COMPACTED: Final = {"cleanup.policy": "compact"}
# By the member of the settings that names the topic.
_CONFIGS: Final[Mapping[str, Mapping[str, str]]] = {
    "customers_topic": _COMPACTED,
    "vouchers_topic": _COMPACTED,
    "results_topic": _kept_for(1),
    # Records get headers there, and must fit in all the same.
    "dead_letter_topic": {**_kept_for(30), "max.message.bytes": "1200000"},
}


def topics_of(settings: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """The topics that settings name, and how each is to be configured."""
    named = {"topic": _kept_for(7), **_CONFIGS}
    return {settings[name]: config for name, config in named.items() if settings.get(name)}


def create_topics(settings: Mapping[str, Any], guard: AddressGuard) -> list[str]:
    """Make the topics that settings name and the cluster does not have; those that were made.

    Raises:  AdapterError.
    """
    from confluent_kafka.admin import AdminClient, NewTopic

    check_settings(settings, guard)
    ear = Ear()
    admin = open_client(AdminClient, options_of(settings, ear))
    known = ask(admin, None, guard, ear)
    wanted = [
        NewTopic(name, settings["partitions"], settings["replicas"], config=dict(config))
        for name, config in topics_of(settings).items()
        if name not in known
    ]
    if not wanted:
        return []
    made = admin.create_topics(wanted, operation_timeout=LOOK_S, request_timeout=2 * LOOK_S)
    return [name for name, future in made.items() if _is_new(name, future)]


def _is_new(name: str, future: Any) -> bool:
    from confluent_kafka import KafkaError, KafkaException

    try:
        future.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise _refused(error.args[0], name) from None
    return True


def _refused(error: Any, name: str) -> AdapterError:
    """What is to be done where a topic can't be made; what the cluster refuses, somebody mends."""
    verdict = understood(error, name)
    if isinstance(verdict, Unavailable) and not error.retriable() and error.code() > 0:
        return Misconfigured(str(verdict))
    return verdict
