"""Routes of integrations: `connections` for operators, `inbound` for platforms."""

from kupon.features.integrations.routes import checkouts as checkouts
from kupon.features.integrations.routes import connections as connections
from kupon.features.integrations.routes import deliveries as deliveries
from kupon.features.integrations.routes import mirroring as mirroring
from kupon.features.integrations.routes import outbound as outbound
from kupon.features.integrations.routes import syncs as syncs
from kupon.features.integrations.routes.blueprint import blueprint as blueprint
from kupon.features.integrations.routes.inbound import mount as mount
