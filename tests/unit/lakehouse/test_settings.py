"""Where a setting comes from, which value wins, and what a wrong one gets."""

from datetime import UTC, datetime

import pytest

from lakehouse.settings import Settings, SettingsError, adopt_secrets, settings


@pytest.fixture
def toml(tmp_path, monkeypatch):
    """Write the text of the installation's lake.toml."""
    file = tmp_path / "lake.toml"
    monkeypatch.setitem(Settings.model_config, "toml_file", file)
    return file.write_text


@pytest.fixture
def variable(home, monkeypatch):
    def give(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        settings.cache_clear()

    return give


def test_homes_follow_the_one_home_and_are_absolute(variable, monkeypatch, tmp_path):
    for name in ("LAKE_DATA_HOME", "LAKE_SECRETS_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    variable("LAKE_HOME", "here")
    lake = settings()
    assert (lake.home, lake.data_home, lake.secrets) == (
        tmp_path / "here",
        tmp_path / "here/data",
        tmp_path / "here/secrets",
    )
    assert lake.tables == tmp_path / "here/data/tables" and lake.toolchain == tmp_path / "here/toolchain"


def test_a_variable_wins_over_lake_toml_and_that_over_the_default(variable, toml):
    toml("portal_port = 9001\ndashboards_port = 9002\n")
    variable("LAKE_PORTAL_PORT", "9003")
    assert (settings().portal_port, settings().dashboards_port, settings().profile) == (9003, 9002, "sample")


def test_an_empty_variable_is_as_good_as_unset(variable):
    variable("LAKE_REFERENCE_DATA", "")
    assert settings().reference_data is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LAKE_PORTAL_PROT", "1", "LAKE_PORTAL_PROT: no such setting; there are LAKE_HOME,"),
        ("LAKE_PORTAL_PORT", "many", "LAKE_PORTAL_PORT: Input should be a valid integer"),
        ("LAKE_PROFILE", "test", "LAKE_PROFILE: Input should be 'sample' or 'production'"),
        ("LAKE_AS_OF", "2017-02-28T17:00:00", "LAKE_AS_OF: Input should have timezone info"),
    ],
)
def test_a_wrong_variable_is_named_with_the_mend(variable, name, value, said):
    variable(name, value)
    with pytest.raises(SettingsError) as refused:
        settings()
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("portal_prot = 1", "lake.toml: portal_prot: no such setting; there are LAKE_HOME,"),
        ("portal_port = 'x'", "lake.toml: portal_port: Input should be a valid integer"),
        ("portal_port 1", "lake.toml: Expected '=' after a key"),
    ],
)
def test_a_wrong_lake_toml_is_named_with_the_mend(home, toml, text, said):
    toml(text)
    with pytest.raises(SettingsError) as refused:
        settings()
    assert str(refused.value).startswith(said) and "\n" not in str(refused.value)


def test_the_clock_is_the_setting_then_the_data_homes_own_then_the_machines(variable):
    before = datetime.now(UTC)
    assert before <= settings().as_of_time() <= datetime.now(UTC)
    settings().clock_file.write_text("2017-03-01T01:00:00+08:00\n")
    assert settings().as_of_time() == datetime(2017, 2, 28, 17, tzinfo=UTC)
    variable("LAKE_AS_OF", "2016-01-01T00:00:00Z")
    assert settings().as_of_time() == datetime(2016, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2017-02-28T17:00:00"])
def test_a_clock_file_without_a_whole_instant_is_refused_by_name(home, text):
    settings().clock_file.write_text(text)
    with pytest.raises(SettingsError, match=r"as_of\.txt: '.*' is no instant with a zone"):
        settings().as_of_time()


def test_the_portals_address_is_the_public_one_where_it_is_set(variable):
    assert settings().portal_address() == "http://127.0.0.1:8090"
    variable("LAKE_PUBLIC_URL", "https://data.example.org/")
    assert settings().portal_address() == "https://data.example.org"


def test_a_worker_takes_over_the_secrets_of_its_driver_or_says_that_it_cannot_see_them(home, tmp_path, monkeypatch):
    monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "of_its_own"))
    (tmp_path / "vault.sqlite").touch()
    adopt_secrets(tmp_path, "vault.sqlite")
    assert settings().secrets == tmp_path
    with pytest.raises(SettingsError, match=r"elsewhere/vault\.sqlite cannot be seen on .*; share the folder with all workers\."):
        adopt_secrets(tmp_path / "elsewhere", "vault.sqlite")
