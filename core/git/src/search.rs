//! Searches in bytes in little code.
//!
//! The searches of `bstr` for more than one byte bring a general search engine with them, 6 KB (gzip) of wasm. What is
//! looked for here is short: the next place of its first byte is found fast, and then the rest is compared.

use bstr::ByteSlice;

/// Where `wanted` first stands in `text`. What is empty stands at the start.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let Some((first, rest)) = wanted.split_first() else { return Some(0) };
    let mut from = 0;
    loop {
        let at = from + text[from..].find_byte(*first)?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Whether `wanted` stands anywhere in `text`.
pub fn contains(text: &[u8], wanted: &[u8]) -> bool {
    find(text, wanted).is_some()
}

/// Where `wanted` last stands in `text`.
pub fn find_last(text: &[u8], wanted: &[u8]) -> Option<usize> {
    (0..=text.len()).rev().find(|at| text[*at..].starts_with(wanted))
}

/// Where any of these bytes first stands in `text`.
pub fn find_any(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.iter().position(|byte| wanted.contains(byte))
}

/// What stands before the first `separator`, and behind it.
pub fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.find_byte(separator)?;
    Some((&text[..at], &text[at + 1..]))
}

/// What stands between the separators: one part more than there are separators.
pub fn split(text: &[u8], separator: u8) -> impl DoubleEndedIterator<Item = &[u8]> {
    text.split(move |byte| *byte == separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Every text of up to five letters out of three.
    fn texts() -> Vec<Vec<u8>> {
        let mut all = Vec::from([Vec::new()]);
        let mut from = 0;
        for _ in 0..5 {
            let to = all.len();
            for at in from..to {
                all.extend(b"ab/".map(|letter| [all[at].as_slice(), &[letter]].concat()));
            }
            from = to;
        }
        all
    }

    #[test]
    fn finds_what_bstr_finds() {
        let texts = texts();
        for text in &texts {
            for wanted in texts.iter().filter(|wanted| wanted.len() <= 3) {
                assert_eq!(find(text, wanted), text.find(wanted), "{text:?} {wanted:?}");
                assert_eq!(find_last(text, wanted), text.rfind(wanted), "{text:?} {wanted:?}");
                assert_eq!(find_any(text, wanted), text.find_byteset(wanted), "{text:?} {wanted:?}");
            }
            assert_eq!(split_once(text, b'/'), text.split_once_str("/"));
            assert!(split(text, b'/').eq(text.split_str("/")));
        }
    }
}
