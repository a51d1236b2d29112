//! Bounds on what peers send, each with its unit and its reason.

/// Bounds of one world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most nodes. Default 10,000: a clock of all takes 400 KB, and each session holds one.
    pub nodes_max: usize,
    /// Longest payload of an entry, in bytes. Default 1 MiB: larger content goes as objects.
    pub payload_bytes_max: usize,
    /// Most objects that one entry names. Default 4,096: one operation on as many refs.
    pub objects_max: usize,
    /// Most entries in one batch. Default 1,024: a signature covers no fewer than a node could make in some milliseconds,
    /// and a receiver holds no more before it can tell whether they are genuine.
    pub batch_entries_max: usize,
    /// Most bytes of a message. Default 8 MiB.
    pub message_bytes_max: usize,
    /// Most headers in the proof of a fork. Default 16,384: about 3 MB, and older forks are named by their heads alone.
    pub proof_headers_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes_max: 10_000,
            payload_bytes_max: 1 << 20,
            objects_max: 4096,
            batch_entries_max: 1024,
            message_bytes_max: 8 << 20,
            proof_headers_max: 16_384,
        }
    }
}
