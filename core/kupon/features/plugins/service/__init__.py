"""Use cases of plugins."""

from kupon.features.plugins.service.activating import activate as activate
from kupon.features.plugins.service.activating import deactivate as deactivate
from kupon.features.plugins.service.activating import get_plugin as get_plugin
from kupon.features.plugins.service.activating import list_plugins as list_plugins
from kupon.features.plugins.service.activating import overview as overview
from kupon.features.plugins.service.channels import DELIVER as DELIVER
from kupon.features.plugins.service.channels import deliver as deliver
from kupon.features.plugins.service.channels import has_channels as has_channels
from kupon.features.plugins.service.channels import send_through as send_through
from kupon.features.plugins.service.listening import TELL as TELL
from kupon.features.plugins.service.listening import announce as announce
from kupon.features.plugins.service.listening import is_heard as is_heard
from kupon.features.plugins.service.listening import tell as tell
from kupon.features.plugins.service.paths import places as places
from kupon.features.plugins.service.routing import answer as answer
