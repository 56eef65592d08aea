"""Use cases of promotions; campaigns of type PROMOTION add, print and delete their tiers here."""

from kupon.features.promotions.service.reading import dump_campaign_tiers as dump_campaign_tiers
from kupon.features.promotions.service.reading import get_stack as get_stack
from kupon.features.promotions.service.reading import get_tier as get_tier
from kupon.features.promotions.service.reading import list_campaign_stacks as list_campaign_stacks
from kupon.features.promotions.service.reading import list_campaign_tiers as list_campaign_tiers
from kupon.features.promotions.service.reading import list_stacks as list_stacks
from kupon.features.promotions.service.reading import list_tiers as list_tiers
from kupon.features.promotions.service.rules import hold_rules as hold_rules
from kupon.features.promotions.service.stacks import create_stack as create_stack
from kupon.features.promotions.service.stacks import delete_stack as delete_stack
from kupon.features.promotions.service.stacks import update_stack as update_stack
from kupon.features.promotions.service.tiers import add_tiers as add_tiers
from kupon.features.promotions.service.tiers import create_tier as create_tier
from kupon.features.promotions.service.tiers import delete_promotion as delete_promotion
from kupon.features.promotions.service.tiers import delete_tier as delete_tier
from kupon.features.promotions.service.tiers import set_tier_active as set_tier_active
from kupon.features.promotions.service.tiers import update_tier as update_tier
