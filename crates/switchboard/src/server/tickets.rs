//! Tickets: which line a blob request comes from, for as long as the handset's connection lasts that asked for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use protocol::{LineId, Ticket};
use rand_core::Rng as _;

use super::counts::locked;
use super::rng;

/// The tickets that are good now, under their hashes: looking one up tells nothing about the others.
#[derive(Debug, Clone, Default)]
pub(super) struct Tickets(Arc<Mutex<HashMap<[u8; 32], LineId>>>);

/// Makes a ticket good until it is dropped.
#[derive(Debug)]
pub(super) struct Issued {
    tickets: Tickets,
    hash: [u8; 32],
}

impl Tickets {
    /// Draws a ticket for a line.
    pub(super) fn issue(&self, line: LineId) -> (Ticket, Issued) {
        let mut bytes = [0; Ticket::LENGTH];
        rng().fill_bytes(&mut bytes);
        let ticket = Ticket::new(bytes);
        let hash = seal::sha256(ticket.as_bytes());
        locked(&self.0).insert(hash, line);
        (ticket, Issued { tickets: self.clone(), hash })
    }

    /// Whose ticket this is.
    pub(super) fn line(&self, ticket: &Ticket) -> Option<LineId> {
        locked(&self.0).get(&seal::sha256(ticket.as_bytes())).copied()
    }
}

impl Drop for Issued {
    fn drop(&mut self) {
        locked(&self.tickets.0).remove(&self.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_its_lines_and_good_until_it_is_given_back() {
        let tickets = Tickets::default();
        let line = LineId::new([1; 32]);
        let (ticket, issued) = tickets.issue(line);
        let (other, _kept) = tickets.issue(LineId::new([2; 32]));
        assert_eq!(tickets.line(&ticket), Some(line));
        assert_ne!(tickets.line(&other), Some(line));
        assert_eq!(tickets.line(&Ticket::new([0; 32])), None);
        drop(issued);
        assert_eq!(tickets.line(&ticket), None);
    }
}
