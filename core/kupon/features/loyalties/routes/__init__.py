"""Routes of loyalty programmes; each module adds its own to the one blueprint."""

from kupon.features.loyalties.routes import activity as activity
from kupon.features.loyalties.routes import earning_rules as earning_rules
from kupon.features.loyalties.routes import members as members
from kupon.features.loyalties.routes import pending as pending
from kupon.features.loyalties.routes import points as points
from kupon.features.loyalties.routes import programmes as programmes
from kupon.features.loyalties.routes import redemption as redemption
from kupon.features.loyalties.routes import rewards as rewards
from kupon.features.loyalties.routes import tiers as tiers
from kupon.features.loyalties.routes.blueprint import blueprint as blueprint
