"""Use cases of segments; `membership` finds out who is in them."""

from kupon.features.segments.service.definitions import activate_segment as activate_segment
from kupon.features.segments.service.definitions import create_segment as create_segment
from kupon.features.segments.service.definitions import delete_segment as delete_segment
from kupon.features.segments.service.definitions import get_segment as get_segment
from kupon.features.segments.service.definitions import list_activities as list_activities
from kupon.features.segments.service.definitions import list_segments as list_segments
from kupon.features.segments.service.definitions import update_segment as update_segment
from kupon.features.segments.service.membership import refresh as refresh
from kupon.features.segments.service.walks import SWEEP as SWEEP
from kupon.features.segments.service.walks import SYNC as SYNC
from kupon.features.segments.service.walks import begin_sweeps as begin_sweeps
from kupon.features.segments.service.walks import sweep_slice as sweep_slice
from kupon.features.segments.service.walks import sync_slice as sync_slice
