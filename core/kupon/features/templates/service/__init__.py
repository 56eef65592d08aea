"""Use cases of campaign templates: `keeping` stores them, `setup` makes campaigns and tiers."""

from kupon.features.templates.service.keeping import create_template as create_template
from kupon.features.templates.service.keeping import delete_template as delete_template
from kupon.features.templates.service.keeping import get_template as get_template
from kupon.features.templates.service.keeping import list_templates as list_templates
from kupon.features.templates.service.keeping import update_template as update_template
from kupon.features.templates.service.setup import set_up_campaign as set_up_campaign
from kupon.features.templates.service.setup import set_up_tier as set_up_tier
