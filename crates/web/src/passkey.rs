//! Passkeys: an authenticator of this device makes a secret of our salt, and gives it only to its owner (WebAuthn Level 3,
//! the `prf` extension).

use js_sys::futures::JsFuture;
use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use serde_bytes::ByteBuf;
use talk::line::Passkey;
use talk::{Secret, Trouble};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::words::t;

/// COSE's numbers for signatures that authenticators make (RFC 9053): Ed25519, ES256, RS256. Ours is never used.
const ALGORITHMS: [i32; 3] = [-8, -7, -257];

/// Whether this browser has passkeys at all; whether its authenticator has `prf` shows only when one is made.
pub(crate) fn is_possible() -> bool {
    web_sys::window().is_some_and(|window| {
        window.is_secure_context() && get(&window, "PublicKeyCredential").is_some_and(|found| !found.is_undefined())
    })
}

/// Makes a passkey and its secret.
///
/// # Errors
/// `passkey`: it was declined, or this authenticator makes no secrets.
pub(crate) async fn make() -> Result<(Secret, Passkey), Trouble> {
    let (salt, user) = (draw::<32>()?, draw::<16>()?);
    let algorithms: Array = ALGORITHMS
        .iter()
        .map(|algorithm| object(&[("type", "public-key".into()), ("alg", (*algorithm).into())]))
        .collect();
    let key = object(&[
        ("challenge", bytes(&draw::<32>()?)),
        ("rp", object(&[("name", "Entrenous".into())])),
        // Passkeys are listed by the system: nothing in there says whose line it is.
        (
            "user",
            object(&[
                ("id", bytes(&user)),
                ("name", t("passkey-name").into()),
                ("displayName", t("passkey-name").into()),
            ]),
        ),
        ("pubKeyCredParams", algorithms.into()),
        (
            "authenticatorSelection",
            object(&[("residentKey", "preferred".into()), ("userVerification", "required".into())]),
        ),
        ("extensions", object(&[("prf", object(&[("eval", object(&[("first", bytes(&salt))]))]))])),
    ]);
    let made = ask("create", &key).await?;
    let credential = bytes_of(&get(&made, "rawId").unwrap_or_default()).ok_or_else(none)?;
    let passkey = Passkey { credential: ByteBuf::from(credential), salt: ByteBuf::from(salt.to_vec()) };
    match secret(&made) {
        Some(secret) => Ok((secret, passkey)),
        // Some authenticators make secrets only when asked again.
        None => Ok((secret_of(std::slice::from_ref(&passkey)).await?, passkey)),
    }
}

/// The secret of one of these passkeys, whichever the person has at hand.
///
/// # Errors
/// `passkey`.
pub(crate) async fn secret_of(passkeys: &[Passkey]) -> Result<Secret, Trouble> {
    let (allowed, by_credential) = (Array::new(), Object::new());
    for passkey in passkeys {
        allowed.push(&object(&[("type", "public-key".into()), ("id", bytes(&passkey.credential))]));
        let name = data_encoding::BASE64URL_NOPAD.encode(&passkey.credential);
        let _ = Reflect::set(&by_credential, &name.into(), &object(&[("first", bytes(&passkey.salt))]));
    }
    let key = object(&[
        ("challenge", bytes(&draw::<32>()?)),
        ("allowCredentials", allowed.into()),
        ("userVerification", "required".into()),
        ("extensions", object(&[("prf", object(&[("evalByCredential", by_credential.into())]))])),
    ]);
    secret(&ask("get", &key).await?).ok_or_else(none)
}

async fn ask(method: &str, key: &JsValue) -> Result<JsValue, Trouble> {
    let navigator = web_sys::window().map(|window| window.navigator()).ok_or_else(none)?;
    let credentials = get(&navigator, "credentials").ok_or_else(none)?;
    let method: Function = get(&credentials, method).and_then(|method| method.dyn_into().ok()).ok_or_else(none)?;
    let asked = method.call1(&credentials, &object(&[("publicKey", key.clone())])).map_err(|_| none())?;
    JsFuture::from(Promise::from(asked)).await.map_err(|_| none())
}

fn secret(credential: &JsValue) -> Option<Secret> {
    let extensions: Function = get(credential, "getClientExtensionResults")?.dyn_into().ok()?;
    let results = extensions.call0(credential).ok()?;
    let first = get(&get(&get(&results, "prf")?, "results")?, "first")?;
    bytes_of(&first).map(|bytes| Secret::Passkey(ByteBuf::from(bytes)))
}

fn none() -> Trouble {
    Trouble::new("passkey", "no passkey came of that: use the passphrase, or try again")
}

fn draw<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| none())?;
    Ok(bytes)
}

fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok().filter(|found| !found.is_undefined() && !found.is_null())
}

fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in entries {
        // A new object takes everything.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<ArrayBuffer>().map(|buffer| Uint8Array::new(buffer).to_vec())
}
