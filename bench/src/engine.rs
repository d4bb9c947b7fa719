//! Two lines that are contacts.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handset::{NewCard, Verified};

use crate::Result;
use crate::line::{Board, Line};
use crate::offices::Office;

/// A pair of contacts, one at each office.
pub(crate) struct Pair {
    pub(crate) a: Line,
    pub(crate) b: Line,
}

impl Pair {
    /// Claims two lines and has the second take up a card of the first. `folder` is where their databases are; none
    /// keeps them in memory.
    pub(crate) async fn meet(
        root: &Path,
        offices: &[Office; 2],
        folder: Option<&Path>,
        number: u64,
        board: &Arc<Mutex<Board>>,
    ) -> Result<Self> {
        let file = |side: &str| folder.map(|folder| folder.join(format!("{side}-{number}.db")));
        let claim = |office: usize, name: &'static str, file: Option<std::path::PathBuf>, seed: u64| {
            let url = offices[office].invite();
            let board = Arc::clone(board);
            async move { Line::claim(root, &url?, name, file.as_deref(), seed, board).await }
        };
        let a = claim(0, "Ada Marsh", file("a"), number * 2).await?;
        let b = claim(1, "Ivo Tarn", file("b"), number * 2 + 1).await?;
        let card = NewCard { for_name: "a friend".to_owned(), uses: 1, expires: Duration::from_secs(3600), ask: false };
        let url = a.ask(move |handset, now| Ok(handset.new_card(now, &card)?.url)).await?;
        until(&a, |handset, now| Ok(handset.cards(now)?.iter().all(|card| card.stored))).await?;
        b.ask(move |handset, now| Ok(handset.accept(now, &url, None).map(|_| String::new())?)).await?;
        until(&a, |handset, _| Ok(handset.person("Ivo Tarn").is_ok_and(|p| p.verified >= Verified::Card))).await?;
        until(&b, |handset, _| Ok(handset.person("Ada Marsh").is_ok_and(|p| p.verified >= Verified::Card))).await?;
        Ok(Self { a, b })
    }
}

/// Waits until something holds for a handset.
async fn until(
    line: &Line,
    holds: impl Fn(&mut handset::Handset, protocol::Timestamp) -> Result<bool> + Send + Clone + 'static,
) -> Result<()> {
    for _ in 0..3000 {
        let holds = holds.clone();
        if line.ask(move |handset, now| Ok(holds(handset, now)?.to_string())).await? == "true" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err("two lines did not become contacts in 30 seconds".into())
}
