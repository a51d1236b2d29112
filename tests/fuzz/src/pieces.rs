//! How a target cuts its input into what it needs.

/// What separates the parts of an input: no UTF-8 holds it.
pub const SEPARATOR: u8 = 0xff;

/// The first byte, 0 where there is none, and the rest.
pub fn first(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(first, rest)| (*first, rest))
}

/// The first `N` parts; what is missing is empty.
pub fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut parts = input.splitn(N, |byte| *byte == SEPARATOR);
    [(); N].map(|()| parts.next().unwrap_or_default())
}

/// An input of these parts behind one byte.
pub fn joined(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![first];
    out.extend_from_slice(&parts.join(&SEPARATOR));
    out
}
