//! Bringing a database's tables up to what this program expects.

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Brings the database to the format `steps.len()`: runs the steps that it has not seen, in order, all
/// in one transaction. Step `n` (from zero) leads from format `n` to `n + 1`; a step that was published
/// never changes. The format is kept in `user_version`, `application_id` in the pragma of that name.
///
/// # Errors
///
/// [`Error::NewerVersion`] and [`Error::OtherApplication`] before anything is touched; what SQLite
/// says when a step fails, with the database left as it was.
pub fn migrate(connection: &mut Connection, application_id: u32, steps: &[&str]) -> Result<(), Error> {
    // Immediate: two processes that open a new database at once take turns.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |name: &str| -> Result<u32, rusqlite::Error> {
        // SQLite reads both as signed numbers; only their 32 bits count here.
        transaction.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i32>(0).map(i32::cast_unsigned))
    };

    let found_id = number("application_id")?;
    let found = number("user_version")?;
    let is_new = found_id == 0 && found == 0 && is_empty(&transaction)?;
    if found_id != application_id && !is_new {
        return Err(Error::OtherApplication { found: found_id, expected: application_id });
    }
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(Error::NewerVersion { found, known });
    }
    if found == known && !is_new {
        return Ok(());
    }

    for step in steps.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.execute_batch(&format!(
        "PRAGMA application_id={}; PRAGMA user_version={known};",
        application_id.cast_signed()
    ))?;
    transaction.commit()?;
    Ok(())
}

fn is_empty(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", (), |row| row.get(0))
}
