"""Use cases of integrations.

`connecting` makes connections, `operating` is what operators do with them, and `installing` looks
after what they need on their platforms. `receiving` answers platforms and `inbox` does what they
told, by `commands`, `checkouts` and `redeeming`; `letters` shows what became of it, `desk` what
became of orders' incentives. `outbound` keeps what platforms are to be told, `pushing` tells it,
`telling` is what operators set and see of it, `mirroring` begins with the codes that are there.
`pulling` fetches what platforms have, in runs that `syncing` begins, or `scheduling` by itself.
`gateway` takes what processes of plugins read.
"""

from kupon.features.integrations.service.connecting import create_connection as create_connection
from kupon.features.integrations.service.connecting import delete_connection as delete_connection
from kupon.features.integrations.service.connecting import get_connection as get_connection
from kupon.features.integrations.service.connecting import list_adapters as list_adapters
from kupon.features.integrations.service.connecting import list_connections as list_connections
from kupon.features.integrations.service.connecting import put_connection as put_connection
from kupon.features.integrations.service.connecting import renew_key as renew_key
from kupon.features.integrations.service.connecting import update_connection as update_connection
from kupon.features.integrations.service.desk import get_checkout as get_checkout
from kupon.features.integrations.service.desk import list_checkouts as list_checkouts
from kupon.features.integrations.service.desk import redeem_again as redeem_again
from kupon.features.integrations.service.installing import deprovision as deprovision
from kupon.features.integrations.service.installing import provision as provision
from kupon.features.integrations.service.letters import get_delivery as get_delivery
from kupon.features.integrations.service.letters import list_deliveries as list_deliveries
from kupon.features.integrations.service.letters import replay as replay
from kupon.features.integrations.service.letters import statistics as statistics
from kupon.features.integrations.service.mirroring import mirror_codes as mirror_codes
from kupon.features.integrations.service.operating import check as check
from kupon.features.integrations.service.operating import pause as pause
from kupon.features.integrations.service.operating import resume as resume
from kupon.features.integrations.service.scheduling import set_schedule as set_schedule
from kupon.features.integrations.service.syncing import cancel_sync as cancel_sync
from kupon.features.integrations.service.syncing import get_run as get_run
from kupon.features.integrations.service.syncing import list_runs as list_runs
from kupon.features.integrations.service.syncing import resume_sync as resume_sync
from kupon.features.integrations.service.syncing import start_sync as start_sync
from kupon.features.integrations.service.telling import get_item as get_item
from kupon.features.integrations.service.telling import get_outbound as get_outbound
from kupon.features.integrations.service.telling import list_items as list_items
from kupon.features.integrations.service.telling import replay_items as replay_items
from kupon.features.integrations.service.telling import update_outbound as update_outbound
