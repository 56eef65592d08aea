"""Settings: what the environment may say, and what is refused by name."""

from __future__ import annotations

import pytest

from kupon.runtime.settings import BadSetting, Settings


def test_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_env({}) == Settings()


def test_children_read_what_the_parent_had() -> None:
    settings = Settings(database_url="postgresql://u@h/d", port=1234, log_level="DEBUG")
    assert Settings.from_env(settings.environment()) == settings
    child = settings.child_environment(KUPON_PORT="9")
    assert Settings.from_env(child).port == 9
    assert "PATH" in child


def test_values_are_read_by_name() -> None:
    read = Settings.from_env({"KUPON_PORT": " 80 ", "KUPON_LOG_LEVEL": "error", "KUPON_HOST": ""})
    assert (read.port, read.log_level, read.host) == (80, "ERROR", "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        pytest.param("KUPON_PORT", "http", "is not a whole number", id="no number"),
        pytest.param("KUPON_PORT", "65536", "is not between 0 and 65535", id="too large"),
        pytest.param("KUPON_WEB_PROCESSES", "0", "is not between 1 and 256", id="too small"),
        pytest.param("KUPON_TRACE_HOOKS", "maybe", "is neither 1 nor 0", id="no flag"),
        pytest.param("KUPON_LOG_LEVEL", "loud", "is none of DEBUG", id="unknown word"),
    ],
)
def test_bad_value_is_named(name: str, value: str, complaint: str) -> None:
    with pytest.raises(BadSetting, match=rf"^{name}=.*{complaint}"):
        Settings.from_env({name: value})


@pytest.mark.parametrize(
    "settings",
    [
        Settings(plugins=("segment", "luhn_codes"), trace_hooks=True),
        Settings(plugins=()),
        Settings(secret_keys=("one=", "two="), allowed_networks=("192.0.2.0/24",)),
    ],
    ids=["names", "no names", "keys"],
)
def test_lists_survive_the_environment(settings: Settings) -> None:
    assert Settings.from_env(settings.environment()) == settings


def test_lists_and_flags_are_read() -> None:
    read = Settings.from_env(
        {
            "KUPON_PLUGINS": " a, b,",
            "KUPON_TRACE_HOOKS": "TRUE",
            "KUPON_PUBLIC_URL": "https://shop.example.com/",
        }
    )
    assert (read.plugins, read.trace_hooks) == (("a", "b"), True)
    assert read.public_url == "https://shop.example.com"
    assert Settings.from_env({"KUPON_PLUGINS": "none"}).plugins == ()
    assert Settings.from_env({"KUPON_PLUGINS": ""}).plugins is None


def test_secret_keys_are_not_printed() -> None:
    assert "canary" not in repr(Settings(secret_keys=("canary",)))


def test_missing_servers_are_named() -> None:
    with pytest.raises(BadSetting, match="KUPON_DATABASE_URL and KUPON_REDIS_URL must be set"):
        Settings().require_servers()
    with pytest.raises(BadSetting, match=r"^KUPON_REDIS_URL must be set"):
        Settings(database_url="postgresql://h/d").require_servers()
    whole = Settings(database_url="postgresql://h/d", redis_url="redis://h")
    assert whole.require_servers() is whole
