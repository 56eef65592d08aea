"""What becomes of the incentives of a platform's order: they count, or are given back, once.

The platform has charged the order before Kupon hears of it. So what no longer applies, or was never
Kupon's, is passed over and told of, and the rest counts.

Source: spec adapters-commerce, section 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kupon.features.integrations.schemas import bodies
from kupon.features.integrations.service.scene import Scene
from kupon.features.orders import service as orders
from kupon.features.redemptions import service as redemptions
from kupon.features.validations import service as validations
from kupon.features.vouchers.service import code_key
from kupon.kit.errors import KuponError
from kupon.storage.queries import platform_checkouts, session_locks
from kupon.storage.queries.outbound_items import ORDERS, NewItem, insert_items
from kupon.storage.queries.platform_checkouts import REDEEM_FAILED, REDEEMED, ROLLED_BACK
from kupon.storage.savepoints import savepoint
from kupon.storage.tables.integrations import PlatformCheckout
from kupon.storage.uow import UnitOfWork

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Till:
    """Counts the incentives of one checkout, which is locked.

    Shapes: told is the metadata of the order as the platform tells them.
    """

    uow: UnitOfWork
    scene: Scene
    checkout: PlatformCheckout
    told: Fields

    def redeem(self, stored: Fields | None, fields: Fields, status: str) -> bool:
        """Redeem what the checkout wants and nobody has redeemed yet; whether anything was.

        Shapes:  stored is the order as Kupon has it, None where it has none; fields what is new of
            it, status what it is to be. The checkout is REDEEMED afterwards, or REDEEM_FAILED.
        """
        checkout = self.checkout
        left = self._take_over(stored)
        checkout.state, checkout.error, checkout.passed_over = REDEEMED, None, []
        is_redeemed = bool(left) and self._check_out(left, stored, fields, status)
        self._tell()
        return is_redeemed

    def hold(self, fields: Fields) -> None:
        """Hold what applies of what the checkout wants until the order is paid.

        Shapes:  fields are the order as it is now. What does not apply is told of at the payment,
            when it may apply again.
        """
        uow, scene = self.uow, self.scene
        # By its name a stored order would count as it was.
        order = {name: value for name, value in fields.items() if name != "source_id"}
        session = {
            "type": "LOCK",
            "key": self.checkout.checkout_key,
            "ttl": int(scene.terms.payment_term.total_seconds()),
            "ttl_unit": "SECONDS",
        }
        limit = validations.read_definitions(uow).stacking_rules.redeemables_limit
        body = {
            "redeemables": self.checkout.redeemables[:limit],
            "customer": fields.get("customer"),
            "order": order,
            "session": session,
        }
        try:
            scene.terms.check_currency(self.told.get("currency"))
            with savepoint(uow):
                loaded = bodies.read_stackable(body)
                validations.hold_for_order(uow, scene.project, scene.api_key, loaded)
        except KuponError as error:
            if error.status >= 500:
                raise

    def give_back(self, stored: Fields | None) -> None:
        """Take back what the order still has; what was refused once is not asked for again."""
        entries = {} if stored is None else stored["redemptions"]
        standing = [
            root_id
            for root_id in reversed(self.checkout.redemption_ids)
            if "rollback_id" not in entries.get(root_id, {})
        ]
        if standing and stored is not None and stored["status"] == "CANCELED":
            return
        refused = [root_id for root_id in standing if not self._roll_back(root_id)]
        if not refused:
            self.checkout.state = ROLLED_BACK
            self.scene.counts["checkouts.rolled_back"] += 1
            self._tell()

    def _tell(self) -> None:
        """Have the platform know what its order has come to, if it can be told."""
        if self.scene.tells_orders:
            item = NewItem(
                connection_id=self.scene.connection_id,
                kind=ORDERS,
                item_id=self.checkout.order_source_id,
                customer_id=None,
                payload={},
            )
            insert_items(self.uow, [item])

    def report(self, kind: str, text: str) -> None:
        """Note what an operator should know."""
        self.scene.counts[f"checkouts.{kind}"] += 1
        self.scene.notes.append(f"order {self.checkout.order_source_id}: {text}")

    def _take_over(self, stored: Fields | None) -> list[Fields]:
        """What nobody, such as the shop's own pages, has redeemed on the order; the rest is ours.

        Shapes:  each incentive once.
        """
        entries = {} if stored is None else stored["redemptions"]
        standing = [root for root, entry in entries.items() if "rollback_id" not in entry]
        wanted = {self._folded(str(each["id"])): each for each in self.checkout.redeemables}
        known = list(self.checkout.redemption_ids)
        for root, names in platform_checkouts.find_redeemed(self.uow, standing).items():
            had = wanted.keys() & {self._folded(name) for name in names}
            if had and root not in known:
                known.append(root)
            for name in had:
                del wanted[name]
        self.checkout.redemption_ids = known
        return list(wanted.values())

    def _folded(self, name: str) -> str:
        return code_key(name, is_case_sensitive=self.scene.project.case_sensitive_codes)

    def _check_out(
        self, left: Sequence[Fields], stored: Fields | None, fields: Fields, status: str
    ) -> bool:
        checkout = self.checkout
        limit = validations.read_definitions(self.uow).stacking_rules.redeemables_limit
        beyond = [_passed_over(each, f"more than {limit} at once") for each in left[limit:]]
        outcome = self._redeem(left[:limit], stored, fields, status)
        if isinstance(outcome, KuponError):
            checkout.state = REDEEMED if checkout.redemption_ids else REDEEM_FAILED
            checkout.error = str(outcome)
            checkout.passed_over = [_passed_over(each, str(outcome)) for each in left]
            self.report("failed", f"redemption failed: {outcome}")
            return False
        root = outcome.get("parent_redemption") or outcome["redemptions"][0]
        checkout.redemption_ids = [*checkout.redemption_ids, root["id"]]
        refused = [*outcome["inapplicable_redeemables"], *outcome["skipped_redeemables"]]
        checkout.passed_over = [*(_passed_over(each, _reason(each)) for each in refused), *beyond]
        self.scene.counts["checkouts.redeemed"] += 1
        if checkout.checkout_key is not None:
            # What was passed over is nobody's any more.
            session_locks.release_all(self.uow, checkout.checkout_key)
        self._compare(outcome)
        return True

    def _redeem(
        self, wanted: Sequence[Fields], stored: Fields | None, fields: Fields, status: str
    ) -> dict[str, Any] | KuponError:
        """Redeem with the order as it is now; a stored one counts more than a sent one."""
        uow, scene, key = self.uow, self.scene, self.checkout.checkout_key
        body: dict[str, Any] = {
            "redeemables": wanted,
            "customer": fields.get("customer"),
            "order": {**fields, "status": status},
            "session": None if key is None else {"type": "LOCK", "key": key},
        }
        try:
            scene.terms.check_currency(self.told.get("currency"))
            with savepoint(uow):
                if stored is not None:
                    current = bodies.read_order({**fields, "status": stored["status"]})
                    orders.update_order(uow, scene.project, stored["id"], current)
                    body["order"] = {"id": stored["id"], "status": status}
                loaded = bodies.read_stackable(body)
                outcome = redemptions.redeem(uow, scene.project, scene.caller, loaded)
        except KuponError as error:
            if error.status >= 500:
                raise
            return error
        return outcome.error if isinstance(outcome, redemptions.Failed) else outcome

    def _compare(self, outcome: Fields) -> None:
        """Note what was passed over, and where the platform gave another discount than Kupon."""
        checkout = self.checkout
        if checkout.passed_over:
            self.scene.counts["checkouts.passed_over"] += len(checkout.passed_over)
            told = (f"{each['id']} ({each['reason']})" for each in checkout.passed_over)
            self.scene.notes.append(
                f"order {checkout.order_source_id}: not redeemed: {', '.join(told)}"
            )
        given = self.told.get("platform_discount")
        counted = outcome.get("order", {}).get("total_applied_discount_amount", 0)
        if isinstance(given, int) and given != counted:
            checkout.error = f"DISCOUNT_MISMATCH: the platform gave {given}, Kupon {counted}"
            self.report("mismatched", checkout.error)

    def _roll_back(self, redemption_id: str) -> bool:
        """Take a redemption back; whether it is taken back now, by whomever."""
        reason = {"reason": "The order was canceled on the platform"}
        try:
            with savepoint(self.uow):
                outcome = redemptions.roll_back(self.uow, self.scene.caller, redemption_id, reason)
        except KuponError as error:
            return self._keep(error)
        if isinstance(outcome, redemptions.Failed):
            return self._keep(outcome.error)
        return True

    def _keep(self, error: KuponError) -> bool:
        """What can't be taken back: somebody has done so before, or it is too long ago."""
        if error.key == "already_rolled_back":
            return True
        self.checkout.error = str(error)
        self.report("kept", f"rollback failed: {error}")
        return False


def _passed_over(redeemable: Fields, reason: str) -> dict[str, str]:
    return {"id": str(redeemable["id"]), "reason": reason}


def _reason(refused: Fields) -> str:
    """Why an incentive did not apply."""
    details = refused["result"]["details"]
    return f"{details['key']}: {details['message']}"
