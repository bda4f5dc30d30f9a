//! What the terminal does with each command: the script it begins.

use std::collections::VecDeque;

use super::core::Core;
use super::fault::{AskFault, Break, Fault};
use super::ledger::Booked;
use super::script::{self, Step};
use super::wire::{self, Order};
use crate::terminal::codes;

impl Core {
    pub(super) fn begin(&mut self, order: Order) -> VecDeque<Step> {
        let id = self.config.terminal_id;
        match order {
            Order::Registration { password } if password == self.config.password => {
                self.registered = true;
                VecDeque::from([script::ack(), script::completion()])
            }
            Order::Registration { .. } => [script::ack(), script::aborted(0x9A)].into(),
            _ if !self.registered => [script::nack(0x6B)].into(),
            Order::Payment { amount_minor, currency } => {
                self.money(Booked::Payment, amount_minor, currency)
            }
            Order::Refund { amount_minor, currency } => {
                self.money(Booked::Refund, amount_minor, currency)
            }
            Order::Reversal { receipt_no } => match self.ledger.reversible(receipt_no).copied() {
                Some(payment) => {
                    let what = Booked::Reversal { of: payment.trace };
                    self.money(what, payment.amount_minor, payment.currency)
                }
                None => [script::ack()].into_iter().chain(script::decline(0xB5, id)).collect(),
            },
            Order::EndOfDay => {
                let lines = vec!["** END OF DAY **".to_owned()];
                let slip = Step::Tell(wire::slip(3, &lines));
                [script::ack(), Step::CloseDay, Step::TellTotals, slip, script::completion()].into()
            }
            Order::Enquiry => {
                let state = b"\xF0\xF1\xF0TILL-EMU 1\x00";
                self.answer(vec![Step::Tell(wire::message(0x06, 0x0F, state))])
            }
            Order::Repeat if self.ledger.last().is_none() => {
                self.answer(vec![script::aborted(codes::NOT_SUPPORTED)])
            }
            Order::Repeat if self.day_closed.is_some() => {
                self.answer(vec![Step::TellTotals, script::completion()])
            }
            Order::Repeat => {
                self.answer(vec![Step::TellStatus, Step::TellSlip, script::completion()])
            }
            Order::Abort | Order::Ack | Order::Unsupported => {
                [script::nack(codes::NOT_SUPPORTED)].into()
            }
        }
    }

    fn money(&mut self, what: Booked, amount_minor: i64, currency: u16) -> VecDeque<Step> {
        let fault = self.faults.pop_front().unwrap_or(Fault::None);
        self.refuses_abort = fault == Fault::RefusesAbort;
        script::money(what, amount_minor, currency, fault, self.config.terminal_id)
    }

    fn answer(&mut self, ending: Vec<Step>) -> VecDeque<Step> {
        let steps = match self.ask_faults.pop_front().unwrap_or(AskFault::None) {
            AskFault::None => [vec![script::ack()], ending].concat(),
            AskFault::Busy => vec![script::nack(0x9C)],
            AskFault::Refuse => vec![script::nack(codes::NOT_SUPPORTED)],
            AskFault::Break(Break::Mute) => vec![script::ack()],
            AskFault::Break(how) => [vec![script::ack()], script::breaking(how)].concat(),
        };
        steps.into()
    }
}
