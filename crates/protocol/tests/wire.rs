//! Every format on the wire, byte for byte, as `tests/wire/*.txt` keeps them. Whoever changes one on purpose runs the tests
//! with `UPDATE_EXPECT=1`, looks at what changed, and thinks of those who still have the older version.

mod samples;

use std::fmt::Debug;

use expect_test::{ExpectFile, expect_file};
use protocol::content::Content;
use protocol::documents::HandsetList;
use protocol::federation::{Fetch, FetchBlob, FetchReply, Parcel, ParcelReply, SignedBytes, SwitchboardInfo};
use protocol::frames::{FromSwitchboard, Greeting, ToSwitchboard};
use protocol::inside::Inside;
use protocol::intake::{Bundle, Introduction, Slot};
use protocol::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A line each: what it is, and its bytes.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0.push_str(&format!("{name}\n    {}\n", data_encoding::HEXLOWER.encode(bytes)));
    }

    /// Samples of one type, each of which has to read back as it was.
    fn all<T: Serialize + DeserializeOwned + PartialEq + Debug>(&mut self, samples: Vec<(&str, T)>) {
        let whole = std::any::type_name::<T>();
        let kind = whole.split('<').next().unwrap_or(whole).rsplit("::").next().unwrap_or(whole);
        for (name, sample) in samples {
            let bytes = encode(&sample);
            assert_eq!(decode::<T>(&bytes, bytes.len()).as_ref(), Ok(&sample), "{kind}, {name}");
            self.add(format!("{kind} {name}").trim_end(), &bytes);
        }
    }

    fn are(&self, kept: ExpectFile) {
        kept.assert_eq(&self.0);
    }
}

#[test]
fn frames_between_handset_and_switchboard() {
    let mut lines = Lines::default();
    lines.all::<ToSwitchboard>(samples::to_switchboard());
    lines.all::<FromSwitchboard>(samples::from_switchboard());
    lines.all::<Greeting>(vec![("", samples::greeting())]);
    lines.are(expect_file!["wire/frames.txt"]);
}

#[test]
fn requests_between_switchboards() {
    let mut lines = Lines::default();
    lines.all::<SwitchboardInfo>(vec![("", samples::info())]);
    lines.all::<SignedBytes>(vec![("", samples::signed())]);
    lines.all::<Parcel>(samples::parcels());
    lines.all::<ParcelReply>(samples::parcel_replies());
    lines.all::<Fetch>(vec![("", samples::fetch())]);
    lines.all::<FetchReply>(samples::fetch_replies());
    lines.all::<FetchBlob>(vec![("", samples::fetch_blob())]);
    lines.are(expect_file!["wire/federation.txt"]);
}

#[test]
fn words_inside_the_encryption() {
    let mut lines = Lines::default();
    for (name, inside) in samples::inside() {
        let padded = inside.to_padded();
        assert_eq!(Inside::from_padded(&padded).as_ref(), Ok(&inside), "{name}");
        lines.add(&format!("Inside {name}"), &padded);
    }
    for (name, content) in samples::content() {
        let bytes = content.to_bytes();
        assert_eq!(Content::from_bytes(&bytes).as_ref(), Ok(&content), "{name}");
        lines.add(&format!("Content {name}"), &bytes);
    }
    lines.are(expect_file!["wire/inside.txt"]);
}

#[test]
fn documents_and_what_is_sealed_in_an_intake() {
    let mut lines = Lines::default();
    lines.all::<HandsetList>(samples::handset_lists());
    lines.all::<Bundle>(vec![("", samples::bundle())]);
    lines.all::<Slot>(vec![("", samples::slot())]);
    lines.all::<Introduction>(samples::introductions());
    lines.are(expect_file!["wire/documents.txt"]);
}
