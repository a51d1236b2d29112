//! Which contents are no text.

/// How far git looks for a NUL byte, in bytes, to tell binary from text.
pub const PROBE_BYTES: usize = 8000;

/// Contents of this size, in bytes, are not compared as text: git's `core.bigFileThreshold`, 512 MiB.
pub const TEXT_BYTES_MAX: usize = 512 << 20;

/// Whether git takes these bytes for binary: there is a NUL among the first 8,000.
pub fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(PROBE_BYTES)].contains(&0)
}
