//! One order: the authority asks whether the name leads here (TLS-ALPN-01, RFC 8737), and certifies a fresh key.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use protocol::one_line;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::aws_lc_rs::sign::any_ecdsa_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use crate::server::tls::Certificate;

/// How long the authority may think about it: many ask from several places.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).timeout(Duration::from_mins(2));

/// Why there is no certificate, for the operator.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) sentence: String,
    /// The authority does not know our account.
    pub(super) is_account_unknown: bool,
}

impl From<String> for Failed {
    fn from(sentence: String) -> Self {
        Self { sentence, is_account_unknown: false }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let sentence = match &error {
            Error::Api(problem) => {
                let what = problem.detail.as_deref().or(problem.r#type.as_deref()).unwrap_or("it does not say why");
                format!("the authority refuses: {what}")
            }
            Error::Timeout(_) => "the authority did not decide in time".to_owned(),
            Error::Json(_) => "what answers as the authority does not speak ACME".to_owned(),
            error => format!("the authority: {error}"),
        };
        let kind = if let Error::Api(problem) = &error { problem.r#type.as_deref() } else { None };
        Self {
            sentence: one_line(&sentence),
            is_account_unknown: kind == Some("urn:ietf:params:acme:error:accountDoesNotExist"),
        }
    }
}

/// Gets a certificate for this name: the chain and its fresh key, in PEM.
pub(super) async fn certificate(account: &Account, name: &str, uses: &Arc<Certificate>) -> Result<String, Failed> {
    let names = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    // Shown until this ends, however it does.
    let _shown = prove(&mut order, name, uses).await?;
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready | OrderStatus::Valid) => {}
        Ok(_) | Err(Error::Api(_)) => return Err(why_not(&mut order, name).await),
        Err(error) => return Err(error.into()),
    }
    let key = KeyPair::generate().map_err(ours)?;
    let mut params = CertificateParams::new([name.to_owned()]).map_err(ours)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(ours)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    Ok(format!("{}\n{}", chain.trim_end(), key.serialize_pem()))
}

/// Shows what proves that the name leads here, unless the authority remembers it.
async fn prove(order: &mut Order, name: &str, uses: &Arc<Certificate>) -> Result<Option<Shown>, Failed> {
    let mut shown = None;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => return Err(format!("the authority does not let {name} be proved: it is {other:?}").into()),
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
            return Err("the authority does not ask over TLS (tls-alpn-01), and nothing else is answered"
                .to_owned()
                .into());
        };
        let answer = answer(name, challenge.key_authorization().digest().as_ref()).map_err(ours)?;
        uses.show(Some((name.to_owned(), Arc::new(answer))));
        shown = Some(Shown(Arc::clone(uses)));
        challenge.set_ready().await?;
    }
    Ok(shown)
}

/// An answer that is shown, until this is dropped.
struct Shown(Arc<Certificate>);

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.show(None);
    }
}

/// The certificate that answers the challenge: self-signed, for this name, with the digest in it.
fn answer(name: &str, digest: &[u8]) -> Result<CertifiedKey, rcgen::Error> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let secret = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let signer = any_ecdsa_type(&secret).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signer))
}

/// What the authority found when it asked.
async fn why_not(order: &mut Order, name: &str) -> Failed {
    let mut found = "it does not say why".to_owned();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Ok(state) = authorization.refresh().await
            && let Some(error) = state.challenges.iter().find_map(|challenge| challenge.error.clone())
        {
            found = error.detail.or(error.r#type).unwrap_or(found);
        }
    }
    let found = one_line(&found);
    format!("the authority could not find this switchboard at {name}, port 443: {found}").into()
}

fn ours(error: rcgen::Error) -> Failed {
    format!("a certificate request cannot be made for this name: {error}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_authority_says_stays_one_short_line() {
        let problem = serde_json::from_str(&format!(
            r#"{{"type":"urn:ietf:params:acme:error:accountDoesNotExist","detail":"no\n\u001b[31m{}"}}"#,
            "x".repeat(5000)
        ));
        let failed = Failed::from(Error::Api(problem.unwrap()));
        assert!(failed.is_account_unknown);
        assert!(failed.sentence.starts_with("the authority refuses: no  [31mxx"), "{}", failed.sentence);
        assert_eq!(failed.sentence.len(), 512);
    }
}
