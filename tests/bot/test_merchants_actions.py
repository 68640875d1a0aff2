"""Flows that call a merchant's own actions: checked against that merchant's list, not another's."""

from dataclasses import replace

from dialogs.actions.packages import ActionPackage, Packages
from tests.bot.client import TestClient
from tests.bot.conftest import Street
from tests.bot.flow_files import FLOWS
from tests.dialogs.actions.paper_shop import MODULE

FOLDING = {
    name: text.replace("utter_noted\n", "action_fold\n", 1).replace(
        "intents: [gift_find]", "intents: [gift_find]\nactions: [action_fold]"
    )
    for name, text in FLOWS.items()
}


def brought(street: Street, merchant_id: str) -> None:
    """The shop opens again with a package of this merchant."""
    package = ActionPackage(merchant_id, MODULE, frozenset({"action_fold"}))
    house = replace(street.tuanzi.house, packages=Packages([package]))
    street.site.state.tuanzi = replace(street.tuanzi, house=house)


def test_a_merchants_flows_may_call_what_that_merchant_brought(
    street: Street, api: TestClient
) -> None:
    def codes() -> list[str]:
        checked = api.post("/api/v1/flows/validate", json={"sources": FOLDING}).json()
        return [problem["code"] for problem in checked["problems"]]

    assert codes() == ["action_not_there"]
    brought(street, street.theirs.merchant)
    assert codes() == ["action_not_there"]
    brought(street, street.ours.merchant)
    assert codes() == []
    assert api.post("/api/v1/flows/draft", json={"sources": FOLDING}).status_code == 200
