//! MLS (RFC 9420).
