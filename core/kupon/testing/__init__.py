"""What tests need: a server of their own, clients, builders, played platforms, the contract."""

import pytest

# Before they are imported, so that their assertions say what they compared.
pytest.register_assert_rewrite("kupon.testing.contract")

from kupon.testing.contract import AdapterContract as AdapterContract  # noqa: E402
from kupon.testing.platform import FAULTS as FAULTS  # noqa: E402
from kupon.testing.platform import FakePlatform as FakePlatform  # noqa: E402
from kupon.testing.platform import Fault as Fault  # noqa: E402
from kupon.testing.platform import Received as Received  # noqa: E402
from kupon.testing.platform import Reply as Reply  # noqa: E402
from kupon.testing.platform import forged as forged  # noqa: E402
from kupon.testing.platform import inbound as inbound  # noqa: E402
from kupon.testing.platform import route as route  # noqa: E402
