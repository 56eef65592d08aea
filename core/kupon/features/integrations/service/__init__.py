"""Use cases of integrations, in five rooms that share `scene`, `entering` and `tenants`.

`connections` makes them, and installs on platforms what they need. `inbound` answers platforms and
does what they told, by commands; `orders` are those of shops, with their incentives. `outbound`
keeps what platforms are to be told, and tells it. `pulls` fetches what platforms have.
"""

from kupon.features.integrations.service.connections.connecting import (
    create_connection,
    delete_connection,
    get_connection,
    list_adapters,
    list_connections,
    put_connection,
    renew_key,
    update_connection,
)
from kupon.features.integrations.service.connections.installing import deprovision, provision
from kupon.features.integrations.service.connections.operating import check, pause, resume
from kupon.features.integrations.service.inbound.letters import (
    get_delivery,
    list_deliveries,
    replay,
    statistics,
)
from kupon.features.integrations.service.orders.desk import (
    get_checkout,
    list_checkouts,
    redeem_again,
)
from kupon.features.integrations.service.outbound.mirroring import mirror_codes
from kupon.features.integrations.service.outbound.telling import (
    get_item,
    get_outbound,
    list_items,
    replay_items,
    update_outbound,
)
from kupon.features.integrations.service.pulls.scheduling import set_schedule
from kupon.features.integrations.service.pulls.syncing import (
    cancel_sync,
    get_run,
    list_runs,
    resume_sync,
    start_sync,
)

__all__ = [
    "cancel_sync",
    "check",
    "create_connection",
    "delete_connection",
    "deprovision",
    "get_checkout",
    "get_connection",
    "get_delivery",
    "get_item",
    "get_outbound",
    "get_run",
    "list_adapters",
    "list_checkouts",
    "list_connections",
    "list_deliveries",
    "list_items",
    "list_runs",
    "mirror_codes",
    "pause",
    "provision",
    "put_connection",
    "redeem_again",
    "renew_key",
    "replay",
    "replay_items",
    "resume",
    "resume_sync",
    "set_schedule",
    "start_sync",
    "statistics",
    "update_connection",
    "update_outbound",
]
