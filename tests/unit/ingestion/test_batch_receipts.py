"""Receipts are listed, shown and verified, also by the public key alone; a changed one is found out."""

import json

import pytest

from lakehouse import cli
from lakehouse.settings import settings
from tests.support.delivered_files import deliver, prsa, receipts


@pytest.mark.parametrize("change", [{"received": 9}, {"signature": "AAAA"}, {"signature": "not base64"}, {"state": "refused"}])
def test_a_changed_receipt_does_not_verify(home, tmp_path, change):
    deliver(tmp_path, prsa(0))
    (told,) = receipts()
    (tmp_path / "receipt.json").write_text(json.dumps(told | change))
    with pytest.raises(ValueError, match=r"receipt\.json: the signature does not fit"):
        cli.call("receipts", "verify", str(tmp_path / "receipt.json"))


def test_receipts_are_listed_shown_and_verified_also_by_the_public_key_alone(home, tmp_path, capsys, monkeypatch):
    deliver(tmp_path, prsa(0))
    (told,) = receipts()
    assert cli.call("receipts", "list") == 0 and told["delivery_id"] in capsys.readouterr().out
    assert cli.call("receipts", "show", told["delivery_id"]) == 0
    (tmp_path / "sent.json").write_text(capsys.readouterr().out)
    cli.call("receipts", "key")
    key = capsys.readouterr().out.strip()
    assert settings().secrets.joinpath("receipts.ed25519").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("LAKE_SECRETS_HOME", str(tmp_path / "elsewhere"))
    settings.cache_clear()
    assert cli.call("receipts", "verify", str(tmp_path / "sent.json"), "--key", key) == 0
    assert "valid; may.csv of " in capsys.readouterr().out
    for wrong in ("short", key[:-4] + "!!!!"):
        with pytest.raises(ValueError, match="The key is no public key; `lake receipts key` prints it"):
            cli.call("receipts", "verify", str(tmp_path / "sent.json"), "--key", wrong)


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json"])
def test_a_file_that_is_no_receipt_is_said_so(home, tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"x\.json: no receipt"):
        cli.call("receipts", "verify", str(tmp_path / "x.json"))
