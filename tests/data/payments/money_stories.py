"""Where runs of the money machine begin: one directed story for each important path."""

from datetime import timedelta

from data.orders import OrderKind
from data.payments.sandbox_models import Outcome, RefundOutcome
from tests.data.payments.money_machine import MoneyMachine, Story


def late_money(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.LATE, minutes=45)
    machine.time_passes(35)


def late_money_for_what_is_gone(machine: MoneyMachine) -> None:
    late_money(machine)
    for _ in range(2):
        machine.places(OrderKind.GROUP, 2)
    machine.time_passes(10)


def money_twice(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.DECLINED, minutes=1)
    machine.orders_move_only_along_their_table()
    machine.opens_the_pay_page(0, Outcome.APPROVED, 1)
    machine.worker_works()
    machine.bank_takes_declined_money_after_all()
    machine.worker_works()
    machine.orders_move_only_along_their_table()


def waiting_group(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.GROUP, Outcome.TWICE, minutes=1)


def refund_in_trouble(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.LOST, minutes=1)
    machine.orders_move_only_along_their_table()  # looks, and notes what it saw
    machine.time_passes(1)
    machine.cancels(0, RefundOutcome.LOST)
    machine.orders_move_only_along_their_table()
    machine.worker_works()
    machine.somebody_asks_for_more_back()


def slow_refund(machine: MoneyMachine) -> None:
    waiting_group(machine)
    machine.group_fails(0, RefundOutcome.LATE)
    machine.till.run_jobs()
    machine.process_dies_in_a_call(False)
    machine.orders_move_only_along_their_table()
    machine.time_passes(1)


def open_page(machine: MoneyMachine) -> None:
    machine.places(OrderKind.NORMAL, 1)
    machine.opens_the_pay_page(0, Outcome.APPROVED, 1)


def process_dies(machine: MoneyMachine) -> None:
    open_page(machine)
    machine.orders_move_only_along_their_table()
    machine.process_dies_before_its_commit(0, "place")
    machine.process_dies_before_its_commit(0, "cancel")
    machine.process_dies_in_a_call(True)
    machine.orders_move_only_along_their_table()
    machine.time_passes(1)


def answer_lost(machine: MoneyMachine) -> None:
    open_page(machine)
    machine.answer_is_lost(False)
    machine.orders_move_only_along_their_table()
    machine.time_passes(1)


def refund_comes_back(machine: MoneyMachine) -> None:
    waiting_group(machine)
    machine.group_fails(0, RefundOutcome.REVERSED)
    machine.time_passes(35)
    machine.shop_tries_a_failed_refund_again()


def refund_comes_back_unheard(machine: MoneyMachine) -> None:
    """The bank calls back about it, and is busy when it is asked."""
    waiting_group(machine)
    machine.group_fails(0, RefundOutcome.REVERSED)
    machine.worker_works()
    machine.till.clock.advance(timedelta(minutes=21))
    while machine.till.run_jobs():
        continue
    assert machine.is_call_due()
    machine.answer_is_lost(False)


def left_alone(machine: MoneyMachine) -> None:
    """The buyer reaches the bank, and walks away."""
    machine.places(OrderKind.NORMAL, 1)
    meant = machine.all_orders()[0]
    machine.model.begins(machine.model.orders[meant.id], machine.till.begin(meant.id))
    machine.worker_works()


def stranger_calls_back(machine: MoneyMachine) -> None:
    left_alone(machine)
    machine.somebody_calls_back(0, 9800)


def held_for_a_group(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.GROUP, Outcome.APPROVED, minutes=1, hold=True)
    machine.orders_move_only_along_their_table()
    machine.another_shop_is_called_about_ours(0)


def held_and_taken(machine: MoneyMachine) -> None:
    held_for_a_group(machine)
    machine.group_comes_together(0)
    machine.process_dies_before_its_commit(0, "hear")
    machine.time_passes(1)


def held_beside_money(machine: MoneyMachine) -> None:
    """What was declined is taken after all while the payer tries another way: the second hold is
    let go, and the order stands on the first."""
    machine.buys_and_pays(OrderKind.GROUP, Outcome.DECLINED, minutes=1)
    machine.orders_move_only_along_their_table()
    machine.bank_takes_declined_money_after_all()
    machine.opens_the_pay_page(0, Outcome.LOST, 1, hold=True)
    machine.answer_comes_twice()
    machine.time_passes(1)


def hold_runs_out(machine: MoneyMachine) -> None:
    held_for_a_group(machine)
    machine.till.later(timedelta(days=8))


def gone_to_its_buyer(machine: MoneyMachine) -> None:
    machine.buys_and_pays(OrderKind.NORMAL, Outcome.APPROVED, minutes=1, hold=True)
    machine.shop_ships()
    machine.orders_move_only_along_their_table()
    machine.it_arrives()


def another_shop_is_called(machine: MoneyMachine) -> None:
    left_alone(machine)
    machine.another_shop_is_called_about_ours(0)
    machine.worker_works()


def stranger_calls_back_with_less(machine: MoneyMachine) -> None:
    left_alone(machine)
    machine.somebody_calls_back(0, 1)
    machine.worker_works()


def two_and_one_is_called_off(machine: MoneyMachine) -> None:
    machine.places(OrderKind.NORMAL, 2)
    machine.places(OrderKind.NORMAL, 1)
    machine.cancels(1, RefundOutcome.APPROVED)


STORIES: tuple[Story, ...] = (
    stranger_calls_back,
    stranger_calls_back_with_less,
    two_and_one_is_called_off,
    held_for_a_group,
    held_and_taken,
    held_beside_money,
    hold_runs_out,
    gone_to_its_buyer,
    another_shop_is_called,
    late_money,
    late_money_for_what_is_gone,
    money_twice,
    waiting_group,
    refund_in_trouble,
    slow_refund,
    open_page,
    left_alone,
    process_dies,
    answer_lost,
    refund_comes_back,
    refund_comes_back_unheard,
)
