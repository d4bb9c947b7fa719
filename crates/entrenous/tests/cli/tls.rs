//! The same over TLS, under an office's own authority.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::support::{Office, World};

#[test]
fn a_line_over_tls_trusts_what_it_is_told_to_trust_and_nothing_else() {
    let world = World::new();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let file = |name: &str, text: String| {
        std::fs::write(world.path(name), text).unwrap();
        world.path(name).to_str().unwrap().to_owned()
    };
    let root = file("root.pem", authority.pem());
    let (chain, key) = (file("cert.pem", certificate.pem()), file("key.pem", key.serialize_pem()));
    let office = Office::start(&world, "Aldmoor", "127.0.0.1:0", &["--tls-cert", &chain, "--tls-key", &key]);
    assert!(office.field("public_url").starts_with("https://"));

    let ada = world.handset("Ada Marsh");
    let claim = office.field("claim_url");
    assert_eq!(ada.fails(&["claim", claim, "--as", "Ada Marsh"]), (1, "switchboard-not-trusted".to_owned()));
    assert!(!ada.profile.exists());
    ada.done(&["claim", claim, "--as", "Ada Marsh", "--trust-root", &root]);
    let ivo = world.handset("Ivo Tarn");
    ivo.done(&["claim", &office.claim_url(&world), "--as", "Ivo Tarn", "--trust-root", &root]);
    let card = ada.done(&["card", "new", "--for", "Ivo", "--trust-root", &root]);
    ivo.done(&["accept", card["url"].as_str().unwrap(), "--trust-root", &root]);
    assert_eq!(ivo.done(&["text", "Ada", "Over TLS.", "--trust-root", &root])["state"], "sent");
}
