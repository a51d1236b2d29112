//! Buffers that are done with and serve again.

use alloc::vec::Vec;

/// Buffers that are kept.
const BUFFERS_MAX: usize = 32;
/// Largest buffer that is kept, in bytes.
const BUFFER_BYTES_MAX: usize = 1 << 20;

/// A bounded heap of buffers.
#[derive(Default)]
pub(super) struct SpareBuffers(Vec<Vec<u8>>);

impl SpareBuffers {
    /// One to fill; what it held may still be in it.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_default()
    }

    /// Keeps a buffer, unless it is large or there are enough.
    pub fn give(&mut self, buffer: Option<Vec<u8>>) {
        if let Some(buffer) = buffer
            && buffer.capacity() <= BUFFER_BYTES_MAX
            && self.0.len() < BUFFERS_MAX
        {
            self.0.push(buffer);
        }
    }
}
