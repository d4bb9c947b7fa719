//! A store whose commits fail when they are told to.

use crate::store::{Result, Store, StoreError, StoreFailure, Tx};

/// How a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: nothing is kept, and that is known.
    Full,
    /// Nothing is kept, and nobody knows.
    Lost,
    /// Reported as failed, and kept.
    Kept,
}

/// A store around another, with one fault at most in wait.
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    next: Option<Fault>,
}

impl<S> Faulty<S> {
    /// A store without a fault.
    pub fn new(inner: S) -> Self {
        Self { inner, next: None }
    }

    /// Makes the next commit fail.
    pub fn fail_next(&mut self, fault: Fault) {
        self.next = Some(fault);
    }

    /// Whether a fault still waits.
    pub fn is_armed(&self) -> bool {
        self.next.is_some()
    }

    /// The store inside, to be looked at.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The store inside.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Store> Store for Faulty<S> {
    fn write(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        let lost = StoreError::new(StoreFailure::InputOutput, "the commit failed, as it was told to");
        match self.next.take() {
            None => self.inner.write(work),
            Some(Fault::Kept) => self.inner.write(work).and(Err(lost)),
            Some(fault) => {
                let full = StoreError::new(StoreFailure::Full, "the disk is full, as it was told to be");
                let error = if fault == Fault::Full { full } else { lost };
                self.inner.write(&mut |tx| work(tx).and_then(|()| Err(error.clone())))
            }
        }
    }

    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        self.inner.read(work)
    }
}
