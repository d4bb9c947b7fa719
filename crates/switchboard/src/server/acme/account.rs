//! Our account with the authority: made once, kept with its key, made anew where the authority does not know it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};

use super::order::Failed;
use super::{Acme, Http};
use crate::server::data::keep;

/// What is kept of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The authority that it is with.
    directory: String,
    contact: Option<String>,
    credentials: AccountCredentials,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("account.json")
}

/// Opens the account that is kept, or makes one.
pub(super) async fn open(acme: &Acme, folder: &Path, http: &Http) -> Result<Account, String> {
    let failed = |error| Failed::from(error).sentence;
    match kept(folder)?.filter(|kept| kept.directory == acme.directory) {
        Some(Kept { contact, credentials, .. }) => {
            let builder = Account::builder_with_http(Box::new(http.clone()));
            let account = builder.from_credentials(credentials).await.map_err(failed)?;
            if contact != acme.contact {
                change_contact(acme, folder, &account).await?;
            }
            Ok(account)
        }
        None => make(acme, folder, http).await,
    }
}

/// Forgets the account if that is what the authority has done, so that the next attempt makes another.
pub(super) fn forget_if_unknown(failed: &Failed, folder: &Path) {
    if failed.is_account_unknown {
        // If it cannot be removed, the next attempt says so again.
        let _ = fs::remove_file(file(folder));
    }
}

async fn make(acme: &Acme, folder: &Path, http: &Http) -> Result<Account, String> {
    let contact: Vec<&str> = acme.contact.as_deref().into_iter().collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: acme.agreed, only_return_existing: false };
    let builder = Account::builder_with_http(Box::new(http.clone()));
    let made = builder.create(&new, acme.directory.clone(), None).await;
    let (account, credentials) = made.map_err(|error| Failed::from(error).sentence)?;
    write(folder, &Kept { directory: acme.directory.clone(), contact: acme.contact.clone(), credentials })?;
    Ok(account)
}

async fn change_contact(acme: &Acme, folder: &Path, account: &Account) -> Result<(), String> {
    let contact: Vec<&str> = acme.contact.as_deref().into_iter().collect();
    if let Err(error) = account.update_contacts(&contact).await {
        let failed = Failed::from(error);
        forget_if_unknown(&failed, folder);
        return Err(failed.sentence);
    }
    match kept(folder)? {
        Some(before) => write(folder, &Kept { contact: acme.contact.clone(), ..before }),
        None => Ok(()),
    }
}

fn kept(folder: &Path) -> Result<Option<Kept>, String> {
    let file = file(folder);
    let wrong = |error: String| format!("the account with the authority {} cannot be used: {error}", file.display());
    match fs::read(&file) {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|error| wrong(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn write(folder: &Path, account: &Kept) -> Result<(), String> {
    let json = serde_json::to_vec(account).map_err(|error| error.to_string())?;
    keep(&file(folder), &json).map_err(|error| format!("the account with the authority cannot be kept: {error}"))
}
