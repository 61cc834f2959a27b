"""A handler as a user writes one, for the store in memory; and how such handlers go wrong."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lanes.dead_letter import UNDECODABLE
from lanes.errors import BadRecordError, VersionConflictError
from lanes.handler import LaneTopic, Settlement
from lanes.record import InboxRecord, OutboxMessage, RecordsByKey
from lanes.testing import MemoryStore, MemoryTransaction
from lanes.topic import Topic

ACCOUNTS, FAILED = "accounts", "failed_payments"


@dataclass(frozen=True)
class Account:
    """An account, with the ids of its payments in their order."""

    balance: int = 0
    payments: tuple[str, ...] = ()
    version: int = 0


class Accounts:
    """Adds payments to accounts: each once, guarded by the version."""

    def load(self, transaction: MemoryTransaction, lanes: RecordsByKey) -> dict[str, Account]:
        return {key: self.find(transaction, key) for key in lanes}

    def settle(
        self, transaction: MemoryTransaction, state: dict[str, Account], lanes: RecordsByKey
    ) -> list[Settlement]:
        return [
            self.settle_lane(transaction, key, state[key], records)
            for key, records in lanes.items()
        ]

    def settle_lane(
        self,
        transaction: MemoryTransaction,
        key: str,
        loaded: Account,
        records: Sequence[InboxRecord],
    ) -> Settlement:
        account = loaded
        for record in records:
            payment = json.loads(record.payload)
            if not self.is_repeat(account, payment["id"]):
                account = Account(
                    account.balance + payment["amount"], (*account.payments, payment["id"])
                )
        self.store(transaction, key, loaded, replace(account, version=loaded.version + 1))
        return Settlement([OutboxMessage("balances", key, str(account.balance))])

    def fail(
        self, transaction: MemoryTransaction, key: str, records: Sequence[InboxRecord]
    ) -> Settlement:
        account = transaction.lock(ACCOUNTS, key) or Account()
        transaction.put(ACCOUNTS, key, replace(account, version=account.version + 1))
        for record in records:
            transaction.put(FAILED, (record.partition, record.offset), record.payload)
        return Settlement([])

    def settled(self, transaction: MemoryTransaction, payloads: Sequence[bytes]) -> list[bool]:
        accounts = transaction.scan(ACCOUNTS).values()
        done = {payment for account in accounts for payment in account.payments}
        return [payment_id(payload) in done for payload in payloads]

    def find(self, transaction: MemoryTransaction, key: str) -> Account:
        return transaction.get(ACCOUNTS, key) or Account()

    def is_repeat(self, account: Account, payment: str) -> bool:
        return payment in account.payments

    def store(
        self, transaction: MemoryTransaction, key: str, loaded: Account, account: Account
    ) -> None:
        stored = transaction.lock(ACCOUNTS, key) or Account()
        if stored.version != loaded.version:
            raise VersionConflictError(key)
        transaction.put(ACCOUNTS, key, account)


class WithoutGuard(Accounts):
    """Writes the account that it has loaded, and overwrites later changes."""

    def store(
        self, transaction: MemoryTransaction, key: str, loaded: Account, account: Account
    ) -> None:
        transaction.put(ACCOUNTS, key, account)


class WithoutMemory(Accounts):
    """Adds a payment as often as its record comes."""

    def is_repeat(self, account: Account, payment: str) -> bool:
        return False


class WithCache(Accounts):
    """Keeps accounts in the process, also those whose transaction was rolled back."""

    def __init__(self) -> None:
        self.cache: dict[str, Account] = {}

    def find(self, transaction: MemoryTransaction, key: str) -> Account:
        return self.cache.get(key) or super().find(transaction, key)

    def store(
        self, transaction: MemoryTransaction, key: str, loaded: Account, account: Account
    ) -> None:
        self.cache[key] = account
        transaction.put(ACCOUNTS, key, account)


class WithFragileFail(Accounts):
    """Cannot say that a record failed unless it can be decoded."""

    def fail(
        self, transaction: MemoryTransaction, key: str, records: Sequence[InboxRecord]
    ) -> Settlement:
        for record in records:
            json.loads(record.payload)["id"]
        return super().fail(transaction, key, records)


def payment(chance: random.Random, _: str) -> bytes:
    """A payment of some amount."""
    return json.dumps({"id": f"p{chance.randrange(1_000)}", "amount": chance.randrange(9)}).encode()


def payment_id(payload: bytes) -> str | None:
    """The id of a payment."""
    try:
        found: Any = json.loads(payload)
    except ValueError:
        return None
    return found["id"] if isinstance(found, dict) else None


def check(_: str, value: bytes) -> object:
    """Decode a payment. Raise BadRecordError."""
    if payment_id(value) is None:
        raise BadRecordError(UNDECODABLE, "no payment")
    return value


def lane_topic(handler: Accounts) -> LaneTopic[MemoryTransaction]:
    """The topic of payments."""
    topic = Topic("payments", 12)
    return LaneTopic(topic, "accounts", "accounts", check, payment_id, handler)


def interest(transaction: MemoryTransaction, number: int) -> None:
    """Change an account as another program does."""
    key = "abc"[number % 3]
    account = transaction.lock(ACCOUNTS, key)
    if account is not None:
        raised = replace(account, balance=account.balance + 1, version=account.version + 1)
        transaction.put(ACCOUNTS, key, raised)


def effects(store: MemoryStore) -> Mapping[str, Sequence[str]]:
    """The payments of each account."""
    return {key: account.payments for key, account in store.rows(ACCOUNTS).items()}
