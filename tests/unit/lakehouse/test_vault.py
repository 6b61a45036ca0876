"""The vault: the same value the same token, nothing in clear on disk, destroyed is destroyed, a lost key is told."""

import hmac
import multiprocessing
from base64 import b32encode
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lakehouse import cli, vault
from lakehouse.settings import settings

NUMBER = "11010519491231002X"
"""The example of GB 11643-1999."""


def on_disk() -> bytes:
    return b"".join(path.read_bytes() for path in sorted(settings().secrets.glob(f"{vault.FILE}*")))


def test_a_token_is_the_keyed_hash_of_kind_and_trimmed_value(home):
    [token] = vault.tokens("citizen_no", pa.array([f" {NUMBER}　"])).to_pylist()
    master = (settings().secrets / "vault.key").read_bytes()
    naming = HKDF(SHA256(), 32, salt=None, info=b"name").derive(master)
    digest = hmac.digest(naming, f"citizen_no\x1f{NUMBER}".encode(), "sha256")
    assert token == "citizen_no_" + b32encode(digest).decode()[:26].lower()


def test_values_come_back_and_null_and_blank_stay_null(home):
    values = pa.chunked_array([["张三", None, "", " 张三 "], ["李四", "  "]])
    tokens = vault.tokens("person_name", values)
    assert tokens[0] == tokens[3] and tokens[0] != tokens[4] and tokens.null_count == 3
    assert vault.clear(tokens).to_pylist() == ["张三", None, None, "张三", "李四", None]
    assert vault.tokens("person_name", values).equals(tokens)
    assert vault.tokens("free_text", pa.array(["张三"]))[0] != tokens[0]
    assert vault.clear(pa.array(["person_name_x", "张三", None])).null_count == 3


def test_nothing_lies_in_clear_and_only_the_owner_reads(home):
    vault.tokens("citizen_no", pa.array([NUMBER]))
    assert NUMBER.encode() not in on_disk() and b"citizen_no_" in on_disk()
    assert {path.stat().st_mode & 0o777 for path in settings().secrets.iterdir()} == {0o600}


def test_what_is_forgotten_is_overwritten_and_only_that(home):
    tokens = vault.tokens("phone", pa.array(["13900000000", "13911111111"]))
    assert vault.forget([tokens[0].as_py(), "phone_unknown"]) == 1 and vault.forget([]) == 0
    assert vault.clear(tokens).to_pylist() == [None, "13911111111"]
    assert vault.forget(tokens.to_pylist()) == 1
    again = vault.tokens("phone", pa.array(["13900000000"]))
    assert again[0] == tokens[0] and vault.clear(again).to_pylist() == ["13900000000"]


def test_an_empty_vault_answers(home):
    assert vault.clear(pa.array(["phone_a", None])).null_count == 2 and vault.forget(["phone_a"]) == 0
    assert vault.tokens("phone", pa.array([], pa.string())).to_pylist() == [] and not settings().secrets.exists()
    assert not vault.destroy_file_key("a")
    with pytest.raises(ValueError, match="'name' is no kind of direct identifier; there are citizen_no, person_name"):
        vault.tokens("name", pa.array(["a"]))


def test_a_lost_or_a_strange_key_is_told(home):
    tokens = vault.tokens("phone", pa.array(["13900000000"]))
    key = settings().secrets / "vault.key"
    key.rename(key.with_name("elsewhere"))
    for ask in (lambda: vault.clear(tokens), lambda: vault.tokens("phone", pa.array(["1"]))):
        with pytest.raises(vault.VaultError, match=r"vault\.key is missing and vault\.sqlite beside it holds values"):
            ask()
    key.write_bytes(bytes(32))
    with pytest.raises(vault.VaultError, match=r"does not open vault\.sqlite; bring back the key"):
        vault.clear(tokens)


def test_a_file_is_noise_without_its_own_key(home):
    sealed = vault.seal_file("s/1", b"name,number")
    assert b"number" not in sealed and vault.unseal_file("s/1", sealed) == b"name,number"
    with pytest.raises(vault.VaultError, match="s/1: the vault's key does not open it, or it was changed"):
        vault.unseal_file("s/1", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert vault.destroy_file_key("s/1") and not vault.destroy_file_key("s/1")
    with pytest.raises(LookupError, match="s/1: its key was destroyed"):
        vault.unseal_file("s/1", sealed)


def _store(count: int) -> list[str]:
    return vault.tokens("phone", pa.array([f"139{n:08}" for n in range(count)])).to_pylist()


def test_processes_that_store_the_same_values_at_once_agree(home):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.map(_store, [2000] * 4)
    assert len({tuple(answer) for answer in answers}) == 1
    assert vault.clear(pa.array(answers[0]))[1999].as_py() == "13900001999"


def test_a_backup_brings_back_all_but_what_was_forgotten_since(home, tmp_path: Path, monkeypatch):
    tokens = vault.tokens("phone", pa.array(["13900000000", "13911111111"]))
    sealed = vault.seal_file("s/1", b"a")
    assert cli.call("backup", str(tmp_path / "lake.tgz")) == 0
    vault.forget([tokens[0].as_py()])
    vault.destroy_file_key("s/1")
    later = vault.tokens("phone", pa.array(["13922222222"]))
    assert cli.call("restore", str(tmp_path / "lake.tgz")) == 0
    assert vault.clear(pa.concat_arrays([tokens, later])).to_pylist() == [None, "13911111111", "13922222222"]
    with pytest.raises(LookupError):
        vault.unseal_file("s/1", sealed)
    monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "new"))
    settings.cache_clear()
    assert cli.call("restore", str(tmp_path / "lake.tgz")) == 0
    assert vault.clear(tokens).to_pylist() == ["13900000000", "13911111111"] and vault.unseal_file("s/1", sealed) == b"a"
    assert (settings().secrets / vault.FILE).stat().st_mode & 0o777 == 0o600
