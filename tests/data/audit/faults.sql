-- One fault for each rule of the audit, by the rule's code. Statements end with a semicolon.

-- fault: stock_out_of_bounds
UPDATE variants SET held = on_hand + 1;

-- fault: stock_held_is_not_its_holds
UPDATE variants SET held = held + 1;

-- fault: stock_on_hand_is_not_its_moves
UPDATE variants SET on_hand = on_hand + 1;

-- fault: stock_hold_forgotten
UPDATE holds SET expires_at = '2020-01-01' WHERE state = 'held';

-- fault: team_counts_are_not_its_seats
UPDATE teams SET held = held + 1 WHERE id = (SELECT id FROM teams WHERE state = 'open');

-- fault: campaign_taken_is_not_its_seats
UPDATE campaigns SET taken = taken + 1;

-- fault: team_overfull
UPDATE teams SET target = 1 WHERE id = (SELECT id FROM teams WHERE state = 'success');

-- fault: team_full_but_open
UPDATE teams SET target = paid WHERE id = (SELECT id FROM teams WHERE state = 'open');

-- fault: team_decided_wrongly
UPDATE team_steps SET paid = paid - 1 WHERE state = 'success';

-- fault: team_asks_for_fewer_by_itself
UPDATE teams SET minimum = minimum - 1 WHERE state = 'failed';

-- fault: team_prices_do_not_fall
INSERT INTO team_tiers (team_id, min_size, merchant_id, price_minor) SELECT id, 3, merchant_id,
  price_minor FROM teams WHERE state = 'open';

-- fault: team_came_to_another_price
UPDATE teams SET final_size = held - 1 WHERE state = 'success';

-- fault: team_has_more_than_it_came_to
UPDATE teams SET paid = final_size + 1 WHERE state = 'success';

-- fault: ladder_difference_wrong
INSERT INTO order_charges (merchant_id, order_id, kind, name, amount_minor, told_minor, currency)
  SELECT merchant_id, id, 'ladder', '{}', -1, -1, currency FROM orders WHERE state = 'ready';

-- fault: team_window_decided_wrongly
UPDATE teams SET mode = 'join_first', pay_until = expires_at, final_size = 9 WHERE state = 'failed';
UPDATE team_steps SET state = 'success', paid = 1, held = 2 WHERE state = 'failed';

-- fault: seat_paid_without_money
UPDATE seats SET state = 'paid' WHERE state = 'held';

-- fault: team_past_its_deadline
UPDATE teams SET expires_at = '2020-01-01' WHERE id = (SELECT id FROM teams WHERE state =
  'open');

-- fault: team_without_its_leader
UPDATE teams SET leader_id = (SELECT max(id) FROM people WHERE id NOT IN (SELECT person_id FROM
  seats WHERE team_id = (SELECT id FROM teams WHERE state = 'open'))) WHERE id = (SELECT id FROM
  teams WHERE state = 'open');

-- fault: person_in_team_twice
DROP INDEX uq_seats_live;
UPDATE seats SET person_id = (SELECT leader_id FROM teams WHERE id = (SELECT id FROM teams WHERE
  state = 'open')) WHERE team_id = (SELECT id FROM teams WHERE state = 'open');

-- fault: person_hoards_seats
DROP INDEX uq_seats_live;
UPDATE seats SET state = 'held', person_id = (SELECT min(person_id) FROM seats);

-- fault: seat_lapsed_but_held
UPDATE seats SET state = 'held', order_id = NULL, held_until = '2020-01-01' WHERE team_id =
  (SELECT id FROM teams WHERE state = 'open');

-- fault: team_ended_twice
INSERT INTO team_steps (merchant_id, team_id, state, paid, target, at) SELECT merchant_id, id,
  'failed', paid, target, opened_at FROM teams WHERE id = (SELECT id FROM teams WHERE state =
  'success');

-- fault: team_state_is_not_its_last_step
UPDATE teams SET state = 'failed' WHERE id = (SELECT id FROM teams WHERE state = 'success');

-- fault: seat_kept_after_the_end
UPDATE seats SET state = 'paid' WHERE team_id = (SELECT id FROM teams WHERE state = 'failed');

-- fault: seat_unsettled_after_success
UPDATE seats SET state = 'paid' WHERE team_id = (SELECT id FROM teams WHERE state = 'success');

-- fault: goods_before_success
UPDATE teams SET state = 'open' WHERE id = (SELECT id FROM teams WHERE state = 'success');

-- fault: seat_at_another_price
UPDATE order_lines SET unit_minor = 1 WHERE order_id = (SELECT min(id) FROM orders WHERE state =
  'ready' AND kind = 'group');

-- fault: seat_of_another_shop
UPDATE seats SET merchant_id = 'mer_other';

-- fault: refunds_exceed_captured
UPDATE refunds SET amount_minor = amount_minor * 2;

-- fault: refunds_not_promised
UPDATE payment_attempts SET promised_minor = 0;

-- fault: money_kept_without_goods
UPDATE refunds SET state = 'failed';

-- fault: refund_stuck
UPDATE refunds SET state = 'pending';

-- fault: failed_team_not_refunded_once
INSERT INTO refunds (id, merchant_id, order_id, attempt_id, cause_ref, idempotency_key,
  amount_minor, currency, state, version, calls, checks, created_at, updated_at) SELECT
  'rfd_again', merchant_id, order_id, attempt_id, 'again', 'again', amount_minor, currency,
  'succeeded', 1, 0, 0, created_at, updated_at FROM refunds WHERE attempt_id = (SELECT
  min(refunds.attempt_id) FROM refunds JOIN seats ON seats.order_id = refunds.order_id JOIN teams ON
  teams.id = seats.team_id WHERE teams.state = 'failed');

-- fault: ledger_entry_unbalanced
INSERT INTO postings (entry_id, merchant_id, account, amount_minor, currency) SELECT min(id),
  merchant_id, 'revenue', 1, 'CNY' FROM ledger_entries;

-- fault: ledger_cash_differs
INSERT INTO postings (entry_id, merchant_id, account, amount_minor, currency) SELECT min(id),
  merchant_id, 'cash_in_transit:bank', 1, 'CNY' FROM ledger_entries;

-- fault: ledger_hold_differs
INSERT INTO postings (entry_id, merchant_id, account, amount_minor, currency) SELECT min(id),
  merchant_id, 'customer_hold', -1, 'CNY' FROM ledger_entries;
INSERT INTO postings (entry_id, merchant_id, account, amount_minor, currency) SELECT min(id),
  merchant_id, 'revenue', 1, 'CNY' FROM ledger_entries;

-- fault: paid_order_not_paid_once
UPDATE payment_attempts SET state = 'failed' WHERE order_id = (SELECT min(id) FROM orders WHERE
  state = 'ready' AND kind = 'group');

-- fault: captured_another_amount
UPDATE orders SET total_minor = 1 WHERE id = (SELECT min(id) FROM orders WHERE state = 'ready' AND
  kind = 'group');

-- fault: outbox_key_twice
ALTER TABLE outbox RENAME TO strict_outbox;
CREATE TABLE outbox AS SELECT * FROM strict_outbox;
INSERT INTO outbox (key, merchant_id, account_id, chat_id, purpose, segments, state, due_at,
  attempts, error, created_at) SELECT 'k', id, 'a', 'c', 'reply', '[]', 'sent', created_at, 0,
  '', created_at FROM merchants;
INSERT INTO outbox (key, merchant_id, account_id, chat_id, purpose, segments, state, due_at,
  attempts, error, created_at) SELECT 'k', id, 'a', 'c', 'reply', '[]', 'sent', created_at, 0,
  '', created_at FROM merchants;

-- fault: outbox_forgotten
INSERT INTO outbox (key, merchant_id, account_id, chat_id, purpose, segments, state, due_at,
  attempts, error, created_at) SELECT 'k', id, 'a', 'c', 'reply', '[]', 'pending', '2020-01-01',
  0, '', created_at FROM merchants;

-- fault: inbox_unhandled
INSERT INTO inbox (merchant_id, account_id, event_id, payload, state, reason, received_at)
  SELECT id, 'a', 'e', '{}', 'received', '', created_at FROM merchants;

-- fault: job_forgotten
INSERT INTO jobs (lane, kind, args, key, run_at, attempts, state, error, created_at) VALUES
  ('l', 'k', '{}', 'k', '2020-01-01', 0, 'due', '', '2020');

-- fault: job_dead
INSERT INTO jobs (lane, kind, args, key, run_at, attempts, state, error, created_at) VALUES
  ('l', 'k', '{}', 'k', '2020-01-01', 8, 'dead', '', '2020');

-- fault: call_forgotten
ALTER TABLE action_calls RENAME TO strict_calls;
CREATE TABLE action_calls AS SELECT * FROM strict_calls;
INSERT INTO action_calls (id, state, deadline) VALUES (1, 'calling', '2020-01-01 00:00:00');

-- fault: spoke_first_too_often
INSERT INTO proactive_counts (whom, day, merchant_id, n) SELECT id, '2026-11-22', merchant_id, 4
  FROM people LIMIT 1;

-- fault: reminded_twice
ALTER TABLE reminders RENAME TO strict_reminders;
CREATE TABLE reminders AS SELECT * FROM strict_reminders;
INSERT INTO reminders (id, occasion_id, year, lead) VALUES (1, 'occ', 2026, 7);
INSERT INTO reminders (id, occasion_id, year, lead) VALUES (2, 'occ', 2026, 7);

-- fault: row_from_the_future
UPDATE orders SET updated_at = '2999-01-01 00:00:00';

-- fault: merged_person_still_named
INSERT INTO basket_lines (merchant_id, person_id, variant_id, quantity, added_at)
  SELECT merchant_id, leader_id, variant_id, 1, opened_at FROM teams LIMIT 1;
UPDATE people SET merged_into = 'per_other' WHERE id = (SELECT person_id FROM basket_lines);

-- fault: merged_into_nobody
UPDATE people SET merged_into = id;

-- fault: person_not_forgotten
UPDATE people SET erased_at = created_at;

-- fault: coupon_miscounted
INSERT INTO coupons (id, merchant_id, code, name, off_minor, currency, from_minor, each_person, uses,
  spent_minor, enabled, created_at) SELECT 'cpn_1', id, 'SPRING', '{}', 100, currency, 0, 1, 1, 100, 1,
  created_at FROM merchants;

-- fault: gift_card_miscounted
INSERT INTO gift_cards (id, merchant_id, code_hash, code_end, currency, issued_minor, balance_minor,
  held_minor, note, issued_by, enabled, created_at) SELECT 'gft_1', id, 'x', 'ABCD', currency, 100, 100,
  50, '', 'owner', 1, created_at FROM merchants;

-- fault: gift_card_ledger_differs
INSERT INTO gift_cards (id, merchant_id, code_hash, code_end, currency, issued_minor, balance_minor,
  held_minor, note, issued_by, enabled, created_at) SELECT 'gft_1', id, 'x', 'ABCD', currency, 100, 100,
  0, '', 'owner', 1, created_at FROM merchants;

-- fault: order_credit_miscounted
UPDATE orders SET credit_minor = 1 WHERE id = (SELECT min(id) FROM orders);

-- fault: gift_card_and_order_disagree
INSERT INTO gift_card_uses (merchant_id, card_id, order_id, amount_minor, currency, state, created_at,
  updated_at) SELECT merchant_id, 'gft_1', id, 1, currency, 'held', created_at, created_at FROM orders
  WHERE state = 'refunded' LIMIT 1;

-- fault: set_aside_is_not_what_is_left
UPDATE campaigns SET stock_limit = stock_limit + 1;

-- fault: rewards_are_not_their_budget
UPDATE reward_budgets SET spent_minor = spent_minor + 1;

-- fault: rewards_over_budget
UPDATE reward_budgets SET budget_minor = spent_minor - 1;

-- fault: reward_is_not_its_refund
UPDATE leader_rewards SET amount_minor = amount_minor + 1 WHERE state = 'given';

-- fault: reward_without_a_sale
UPDATE leader_rewards SET state = 'promised' WHERE state = 'gone';

-- fault: reward_not_given
UPDATE leader_rewards SET state = 'promised', order_id = NULL, refund_id = NULL WHERE state =
  'given';

-- fault: invitation_beyond_one_level
UPDATE invited_seats SET level = 2;

-- fault: invitation_of_oneself
UPDATE invited_seats SET inviter_id = (SELECT person_id FROM seats WHERE id = seat_id);

-- fault: invitations_in_turn
INSERT INTO invited_seats (seat_id, merchant_id, campaign_id, share_hash, inviter_id, level, rewarded,
  created_at) SELECT own.id, i.merchant_id, i.campaign_id, i.share_hash, came.person_id, 1, 0,
  i.created_at FROM invited_seats i JOIN seats came ON came.id = i.seat_id JOIN seats own
  ON own.team_id = came.team_id AND own.person_id = i.inviter_id LIMIT 1;

-- fault: invite_rewards_are_not_their_budget
UPDATE invite_budgets SET spent_minor = spent_minor + 1;

-- fault: invite_rewards_over_budget
UPDATE invite_budgets SET budget_minor = spent_minor - 1;

-- fault: invite_reward_is_not_its_refund
UPDATE invite_rewards SET amount_minor = amount_minor + 1 WHERE state = 'given';

-- fault: invite_reward_without_a_sale
UPDATE invite_rewards SET state = 'promised' WHERE state = 'gone';

-- fault: invite_reward_too_early
UPDATE orders SET state = 'ready' WHERE id IN (SELECT seats.order_id FROM seats JOIN invite_rewards
  ON seat_id = seats.id AND invite_rewards.state = 'given');

-- fault: invite_reward_not_given
UPDATE invite_rewards SET state = 'promised', order_id = NULL, refund_id = NULL WHERE state =
  'given';

-- fault: returned_more_than_bought
INSERT INTO returns (id, merchant_id, order_id, asked_ref, state, version, back_minor, given_minor,
  currency, note, decided_by, received_by, created_at, updated_at) SELECT 'ret_1', merchant_id, order_id,
  't', 'requested', 1, 0, 0, currency, '', '', '', '2026-11-22', '2026-11-22' FROM order_lines LIMIT 1;
INSERT INTO return_lines (merchant_id, return_id, line_id, quantity, back_minor) SELECT merchant_id,
  'ret_1', id, quantity + 1, 0 FROM order_lines LIMIT 1;

-- fault: return_is_not_its_lines
INSERT INTO returns (id, merchant_id, order_id, asked_ref, state, version, back_minor, given_minor,
  currency, note, decided_by, received_by, created_at, updated_at) SELECT 'ret_1', merchant_id, order_id,
  't', 'requested', 1, 1, 0, currency, '', '', '', '2026-11-22', '2026-11-22' FROM order_lines LIMIT 1;

-- fault: return_given_differs
INSERT INTO returns (id, merchant_id, order_id, asked_ref, state, version, back_minor, given_minor,
  currency, note, decided_by, received_by, created_at, updated_at) SELECT 'ret_1', merchant_id, order_id,
  't', 'received', 1, 1, 1, currency, '', '', '', '2026-11-22', '2026-11-22' FROM order_lines LIMIT 1;
INSERT INTO return_lines (merchant_id, return_id, line_id, quantity, back_minor) SELECT merchant_id,
  'ret_1', id, 1, 1 FROM order_lines LIMIT 1;

-- fault: changed_without_payment
INSERT INTO order_changes (id, merchant_id, order_id, nth, kind, state, version, by, was, becomes, back_minor,
  currency, extra_order_id, created_at, updated_at) SELECT 'chg_1', merchant_id, id, 1, 'variant', 'done',
  1, 'buyer', '{}', '{}', 0, currency, id, created_at, created_at FROM orders
  WHERE state = 'waiting_group' LIMIT 1;

-- fault: difference_kept
UPDATE orders SET kind = 'change' WHERE id = (SELECT min(id) FROM orders WHERE state = 'ready');

-- fault: exchange_kept_for_nothing
INSERT INTO returns (id, merchant_id, order_id, asked_ref, state, version, back_minor, given_minor,
  currency, note, decided_by, received_by, created_at, updated_at) SELECT 'ret_1', merchant_id, order_id,
  't', 'exchanged', 1, 1, 0, currency, '', '', '', '2020-01-01', '2020-01-01' FROM order_lines LIMIT 1;
INSERT INTO return_lines (merchant_id, return_id, line_id, quantity, back_minor) SELECT merchant_id,
  'ret_1', id, 1, 1 FROM order_lines LIMIT 1;

-- fault: exchanged_and_refunded
UPDATE orders SET kind = 'exchange' WHERE id = (SELECT min(id) FROM orders WHERE state = 'ready');

-- fault: notice_undecided
INSERT INTO payment_notices (merchant_id, provider, event_id, our_ref, raw, headers, state, reason,
  received_at) SELECT id, 'bank', 'e', 'r', '', '{}', 'quarantined', 'unknown_payment', '2020-01-01'
  FROM merchants;

-- fault: payment_undecided
UPDATE payment_attempts SET quarantine = 'amount', updated_at = '2020-01-01 00:00:00' WHERE id =
  (SELECT min(id) FROM payment_attempts);

-- fault: payment_alarm_undecided
INSERT INTO payment_alarms (merchant_id, order_id, attempt_id, what, about, raised_at, closed_by)
  SELECT merchant_id, order_id, min(id), 'refunded_there', 'x', '2020-01-01', '' FROM
  payment_attempts;

-- fault: payment_never_looked_at
DELETE FROM payment_looks;

-- fault: external_refund_not_booked
UPDATE refunds SET kind = 'external', id = 'rfd_another' WHERE id = (SELECT min(id) FROM refunds);

-- fault: fee_ledger_differs
INSERT INTO payment_fees (merchant_id, attempt_id, provider_ref, amount_minor, currency, booked, at)
  SELECT merchant_id, min(id), 'x', 59, currency, 1, created_at FROM payment_attempts;

-- fault: dispute_ledger_differs
INSERT INTO payment_disputes (id, merchant_id, order_id, attempt_id, provider_ref, amount_minor,
  out_minor, currency, state, is_claim, reason, moves, opened_at, updated_at) SELECT 'dsp_1', merchant_id,
  order_id, min(id), 'x', 59, 59, currency, 'lost', 1, '', 1, created_at, created_at FROM
  payment_attempts;

-- fault: open_dispute_ledger_differs
INSERT INTO payment_disputes (id, merchant_id, order_id, attempt_id, provider_ref, amount_minor,
  out_minor, currency, state, is_claim, reason, moves, opened_at, updated_at) SELECT 'dsp_1', merchant_id,
  order_id, min(id), 'x', 59, 59, currency, 'open', 1, '', 1, created_at, created_at FROM
  payment_attempts;

-- fault: pool_counts_are_not_its_contributions
UPDATE pools SET held_minor = held_minor + 1 WHERE state = 'open';

-- fault: pool_above_its_target
UPDATE pools SET target_minor = 1 WHERE state = 'open';

-- fault: pool_share_is_not_equal
UPDATE contributions SET amount_minor = 10 WHERE state = 'held';

-- fault: pool_full_but_open
UPDATE pools SET target_minor = paid_minor WHERE state = 'open';

-- fault: pool_past_its_time
UPDATE pools SET expires_at = '2020-01-01' WHERE state = 'open';

-- fault: pool_ended_twice
INSERT INTO pool_steps (merchant_id, pool_id, state, paid_minor, people, at) SELECT merchant_id, id,
  'failed', 0, 0, opened_at FROM pools WHERE state = 'ordered';

-- fault: pool_state_is_not_its_last_step
UPDATE pools SET state = 'failed' WHERE state = 'ordered';

-- fault: contribution_used_without_order
UPDATE contributions SET state = 'used' WHERE state = 'paid';

-- fault: contribution_kept_after_the_end
UPDATE contributions SET state = 'paid' WHERE state = 'refunded';

-- fault: contribution_unsettled_after_order
UPDATE contributions SET state = 'paid' WHERE state = 'used';

-- fault: present_before_its_money
UPDATE pools SET state = 'funded' WHERE state = 'ordered';

-- fault: purse_is_not_its_contributions
UPDATE contributions SET state = 'refunded' WHERE state = 'used';

-- fault: present_at_another_price
UPDATE pools SET target_minor = target_minor + 1 WHERE state = 'ordered';

-- fault: contribution_is_not_its_order
UPDATE orders SET state = 'waiting_group' WHERE kind = 'pool' AND state = 'delivered';

-- fault: team_waiting_is_not_its_list
UPDATE teams SET waiting = 1 WHERE state = 'open';

-- fault: somebody_waits_beside_a_free_place
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, quantity, state, created_at) SELECT
  merchant_id, id, (SELECT max(id) FROM people), 1, 'waiting', opened_at FROM teams WHERE state =
  'open';
UPDATE teams SET waiting = 1 WHERE state = 'open';

-- fault: seated_out_of_order
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, quantity, state, created_at) SELECT
  merchant_id, id, (SELECT max(id) FROM people), 1, 'waiting', opened_at FROM teams WHERE state =
  'open';
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, seat_id, quantity, state,
  created_at, ended_version) SELECT merchant_id, team_id, person_id, id, 1, 'seated', created_at, 9
  FROM seats WHERE id = (SELECT max(id) FROM seats WHERE team_id = (SELECT id FROM teams WHERE
  state = 'open'));

-- fault: somebody_waits_for_a_team_that_ended
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, quantity, state, created_at) SELECT
  merchant_id, id, leader_id, 1, 'waiting', opened_at FROM teams WHERE state = 'failed';

-- fault: somebody_waits_and_has_a_place
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, quantity, state, created_at) SELECT
  merchant_id, id, leader_id, 1, 'waiting', opened_at FROM teams WHERE state = 'open';

-- fault: seated_without_a_seat
INSERT INTO waitlist_entries (merchant_id, team_id, person_id, quantity, state, created_at,
  ended_version) SELECT merchant_id, id, leader_id, 1, 'seated', opened_at, 3 FROM teams WHERE
  state = 'failed';

-- fault: team_nudged_too_often
INSERT INTO team_nudges (team_id, number, merchant_id, at, next_at) SELECT id, n, merchant_id,
  '2026-01-0' || n, '2026-01-0' || n || ' 04:00:00' FROM teams, (SELECT 1 AS n UNION SELECT 2 UNION
  SELECT 3 UNION SELECT 4) WHERE state = 'open';
UPDATE teams SET nudges = 4 WHERE state = 'open';

-- fault: team_nudged_too_soon
INSERT INTO team_nudges (team_id, number, merchant_id, at, next_at) SELECT id, n, merchant_id,
  '2026-01-01 0' || n || ':00:00', '2026-01-01 0' || (n + 4) || ':00:00' FROM teams, (SELECT 1 AS n
  UNION SELECT 2) WHERE state = 'open';
UPDATE teams SET nudges = 2 WHERE state = 'open';

-- fault: split_counts_are_not_its_parts
UPDATE split_orders SET held_minor = held_minor + 1 WHERE state = 'open';

-- fault: split_decided_against_its_minimum
UPDATE split_steps SET paid_minor = 1 WHERE state = 'ordered';

-- fault: split_past_its_time
UPDATE split_orders SET expires_at = '2020-01-01' WHERE state = 'open';

-- fault: split_ended_twice
INSERT INTO split_steps (merchant_id, split_id, state, paid_minor, people, at) SELECT merchant_id,
  id, 'failed', 0, 0, opened_at FROM split_orders WHERE state = 'ordered';

-- fault: split_state_is_not_its_last_step
UPDATE split_orders SET state = 'failed' WHERE state = 'ordered';

-- fault: split_part_kept_after_the_end
UPDATE split_parts SET state = 'paid' WHERE state = 'refunded';

-- fault: split_part_unsettled_after_order
UPDATE split_parts SET state = 'paid' WHERE state = 'used';

-- fault: split_goods_before_decision
UPDATE split_orders SET state = 'open' WHERE state = 'ordered';

-- fault: split_part_is_not_its_order
UPDATE orders SET state = 'waiting_group' WHERE kind = 'split' AND state = 'ready';

-- fault: delivery_not_shared_as_decided
UPDATE split_orders SET final_fee_minor = final_fee_minor + 2 WHERE state = 'ordered';

-- fault: split_part_goes_elsewhere
UPDATE orders SET goes_with = NULL WHERE kind = 'split';

-- fault: order_address_kept_too_long
UPDATE orders SET ship_to = 'sealed', state = 'delivered', updated_at = '2020-01-01' WHERE id =
  (SELECT id FROM orders WHERE kind = 'pooled');

-- fault: parcel_address_kept_too_long
UPDATE split_steps SET at = '2020-01-01' WHERE split_id = (SELECT id FROM split_orders WHERE state =
  'failed');
UPDATE orders SET updated_at = '2020-01-01';
UPDATE refunds SET updated_at = '2020-01-01';

-- fault: used_address_kept_too_long
INSERT INTO kept_addresses (id, merchant_id, person_id, sealed, kept_at) SELECT 'adr_1', merchant_id,
  id, 'sealed', '2020-01-01' FROM people WHERE id NOT IN (SELECT person_id FROM orders WHERE ship_to
  IS NOT NULL) AND id NOT IN (SELECT person_id FROM parcels WHERE ship_to IS NOT NULL);
