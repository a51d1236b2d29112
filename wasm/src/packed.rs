//! Bulk answers as one little-endian buffer; `wasm/js/packed.ts` reads it.

use govc_engine::git::ObjectId;

/// Writes a packed buffer from the front.
#[derive(Default)]
pub struct PackedWriter(Vec<u8>);

impl PackedWriter {
    /// Starts empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Eight bytes: a number as JavaScript has it.
    pub fn f64(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Length and bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.0.extend_from_slice(bytes);
    }

    /// 20 raw bytes; all zero for no object.
    pub fn id(&mut self, id: Option<ObjectId>) {
        self.0.extend_from_slice(id.unwrap_or(ObjectId::NULL).as_bytes());
    }

    /// The count, then each item.
    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut item: impl FnMut(&mut Self, T)) {
        self.u32(items.len() as u32);
        items.for_each(|value| item(self, value));
    }

    /// The buffer.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}
