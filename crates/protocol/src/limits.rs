//! How much anybody may send at once. Senders keep to these, receivers refuse beyond them.

/// A text, in bytes of UTF-8.
pub const TEXT_BYTES: usize = 16 * 1024;

/// A file, in bytes.
pub const FILE_BYTES: u64 = 100 << 20;

/// Files with one text.
pub const FILES: usize = 10;

/// A file's name, in bytes of UTF-8.
pub const FILE_NAME_BYTES: usize = 255;

/// Points of a voice note's waveform, one byte each.
pub const WAVEFORM_POINTS: usize = 128;

/// One MIMI content, in bytes: a text and what is said about its files.
pub const CONTENT_BYTES: usize = TEXT_BYTES + 1024 + FILES * 1024;

/// A name, in bytes of UTF-8.
pub const NAME_BYTES: usize = 128;

/// One sealed envelope (an MLS message), in bytes. The largest today is a Welcome with its introduction.
pub const ENVELOPE_BYTES: usize = 128 * 1024;

/// One sealed card bundle or slot, in bytes.
pub const SLOT_BYTES: usize = 32 * 1024;

/// Slots in one intake: as many as a card has uses, or a standing intake keeps ready.
pub const SLOTS: usize = 64;

/// One frame between a handset and its switchboard, in bytes.
pub const FRAME_BYTES: usize = 1024 * 1024;

/// One frame of a handset that has not said who it is yet, in bytes.
pub const STRANGER_FRAME_BYTES: usize = 64 * 1024;

/// One parcel between switchboards, in bytes.
pub const PARCEL_BYTES: usize = 4 * 1024 * 1024;

/// Messages in one parcel.
pub const PARCEL_MESSAGES: usize = 512;

/// One query between switchboards (fetching a card's slot), in bytes.
pub const QUERY_BYTES: usize = 4 * 1024;

/// The URL at which a handset is woken, in bytes.
pub const ENDPOINT_BYTES: usize = 1024;

/// Members of one conversation, counted in mailboxes.
pub const MAILBOXES: usize = 64;

/// Items on their way to one handset that it has not acknowledged.
pub const ITEMS_IN_FLIGHT: usize = 256;

/// A switchboard's address, in bytes (a DNS name has at most 253, and a port).
pub const ADDRESS_BYTES: usize = 260;
