"""The example of the first coupon runs, and fails when a figure is not the one worked out."""

from __future__ import annotations

import importlib.util

import pytest
from tests.examples.conftest import EXAMPLES


@pytest.mark.slow
def test_every_figure_of_the_example_is_right(run_example):
    done = run_example("01_first_coupon")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "Coffee beans, 1 kg 37.80 -3.78 34.02" in lines
    assert "total 124.05 106.64" in lines
    assert lines[-1].endswith("figures are as worked out by hand.")


@pytest.fixture
def account():
    """The example's own account."""
    spec = importlib.util.spec_from_file_location(
        "account", EXAMPLES / "01_first_coupon" / "account.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Account()


def test_a_wrong_figure_is_named_and_fails_the_example(account, capsys):
    account.compare("to pay", 10664, 10664)
    account.compare("discount", 1740, 1741)
    assert account.close() == 1
    assert "discount: 1740 instead of 1741" in capsys.readouterr().out


def test_an_account_without_figures_fails(account):
    assert account.close() == 1


def test_an_account_whose_figures_are_right_passes(account):
    account.compare("to pay", 10664, 10664)
    assert account.close() == 0
