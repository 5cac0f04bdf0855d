"""A spool as the policy says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.spool.making import exchange
from violet.domain.errors import ConfigurationError
from violet.domain.guarding import RedactionPolicy, SpoolPolicy
from violet.runtime.spool.configured import open_spool, redaction, spool_options
from violet.runtime.spool.reader import SpoolReader

KEY = b"k" * 32


def test_every_rule_of_the_policy_is_obeyed(tmp_path: Path) -> None:
    rules = RedactionPolicy(columns=("0", "c"), paths=("$.rows",), patterns=("secret",), how="hash", clients=True)
    policy = SpoolPolicy(directory=str(tmp_path), bodies=True, days=0)
    spool = open_spool(policy, rules, key=KEY, worker="w0", model="m", order=("a", "b", "c", "d", "e"))
    assert spool.append(exchange(1, client="address:10.0.0.7"), b'{"rows": [1], "note": "a secret"}', b'{"rows": [2]}')
    assert spool.close()
    (kept,) = SpoolReader(str(tmp_path)).read()
    (row,) = kept.exchange.rows
    assert [isinstance(cell, str) for cell in row] == [True, False, True, False, False]
    assert kept.exchange.client.startswith("address:~")
    assert b"secret" not in kept.request
    assert kept.request.startswith(b'{"rows":["~')
    assert kept.response.startswith(b'{"rows":["~')


def test_without_rules_nothing_is_redacted(tmp_path: Path) -> None:
    assert redaction(RedactionPolicy()).empty
    spool = open_spool(SpoolPolicy(directory=str(tmp_path)), RedactionPolicy(), key=KEY, worker="w0")
    assert spool.append(exchange(1))
    assert spool.close()
    assert [kept.exchange for kept in SpoolReader(str(tmp_path)).read()] == [exchange(1)]


def test_a_dozen_workers_find_room_in_the_least_spool() -> None:
    options = spool_options(SpoolPolicy(most_bytes=32 << 20))
    assert 12 * 2 * options.segment_bytes < options.limit


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    policy = SpoolPolicy(directory=str(tmp_path), bodies=True)
    with pytest.raises(ConfigurationError, match="kept whole"):
        open_spool(policy, RedactionPolicy(clients=True), key=KEY, worker="w0")
    with pytest.raises(ConfigurationError, match="share"):
        spool_options(SpoolPolicy(sample=2.0))
