//! A small repository as the letters of a link: who opens it needs no server that has it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use govc_engine::git::refs::RefTarget;
use govc_engine::git::transport::bundle::BundleHeader;
use govc_engine::{Repository, Result};

use crate::model::link::Link;

/// The largest bundle that a link carries, in bytes: every browser takes an address of that length.
const BYTES_MAX: usize = 32 << 10;
/// With more objects than this nothing is tried.
const OBJECTS_MAX: u64 = 5000;
/// What stands before the letters.
const KEY: &str = "bundle=";

/// A link to what is seen, with the repository in it; `None` where it is too large for that.
pub fn with_repository(repository: &Repository, link: &Link) -> Result<Option<String>> {
    let Some(bytes) = bundle(repository)? else { return Ok(None) };
    let mut text = link.to_text();
    text.push(if text.contains('?') { '&' } else { '?' });
    text.push_str(KEY);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    Ok(Some(text))
}

/// The bundle in a link, if there is one; an error where it cannot be one.
pub fn carried(fragment: &str) -> Option<core::result::Result<Vec<u8>, String>> {
    let letters = fragment.split(['?', '&']).find_map(|part| part.strip_prefix(KEY))?;
    let cut = || "the repository in this link is not whole: ask for the link again".to_owned();
    if letters.len() > BYTES_MAX.div_ceil(3) * 4 {
        return Some(Err(format!(
            "a link carries at most {BYTES_MAX} bytes: ask for a bundle, and open that"
        )));
    }
    Some(URL_SAFE_NO_PAD.decode(letters).map_err(|_| cut()))
}

fn bundle(repository: &Repository) -> Result<Option<Vec<u8>>> {
    if repository.stats().objects > OBJECTS_MAX {
        return Ok(None);
    }
    let main = repository.head(&repository.main()?)?;
    let direct = repository.refs().iter().filter_map(|(name, target)| match target {
        RefTarget::Direct(id) => Some((name.to_string().into(), *id)),
        RefTarget::Symbolic(_) => None,
    });
    let refs: Vec<_> = main.map(|id| ("HEAD".into(), id)).into_iter().chain(direct).collect();
    if refs.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    BundleHeader { refs, ..BundleHeader::default() }.write(&mut bytes);
    let mut export = repository.export(None, Vec::new())?;
    while let Some(chunk) = repository.export_chunk(&mut export)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BYTES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
