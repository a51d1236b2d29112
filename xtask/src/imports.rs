//! What the wasm module asks of its host, against the list of what it may: `wasm/imports.txt`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::step::root;

/// Fails if one of the modules imports what is not on the list.
pub fn check(modules: &[Vec<u8>]) -> Result<()> {
    let list = fs::read_to_string(root().join("wasm/imports.txt")).context("wasm/imports.txt")?;
    let allowed: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.split('#').next())
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let mut imported = BTreeSet::new();
    for module in modules {
        imported.extend(names(module).context("the import section of a wasm module")?);
    }
    for name in allowed.iter().filter(|name| !imported.contains(**name)) {
        println!("  note: wasm/imports.txt allows {name}, which is not imported");
    }
    let unknown: Vec<&String> = imported.iter().filter(|name| !allowed.contains(name.as_str())).collect();
    if !unknown.is_empty() {
        bail!("a wasm module imports what wasm/imports.txt does not allow: {unknown:?}");
    }
    Ok(())
}

/// The names of all imports, without the hash that wasm-bindgen appends.
fn names(module: &[u8]) -> Option<BTreeSet<String>> {
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    while let Some((&kind, tail)) = rest.split_first() {
        rest = tail;
        let length = number(&mut rest)?;
        let (body, tail) = rest.split_at_checked(length)?;
        rest = tail;
        if kind == 2 {
            return import_section(body);
        }
    }
    Some(BTreeSet::new())
}

fn import_section(mut body: &[u8]) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for _ in 0..number(&mut body)? {
        text(&mut body)?;
        let name = text(&mut body)?;
        found.insert(without_hash(name).to_owned());
        skip_type(&mut body)?;
    }
    Some(found)
}

fn skip_type(body: &mut &[u8]) -> Option<()> {
    match byte(body)? {
        0 => drop(number(body)?),
        1 => {
            byte(body)?;
            skip_limits(body)?;
        }
        2 => skip_limits(body)?,
        3 => drop((byte(body)?, byte(body)?)),
        _ => return None,
    }
    Some(())
}

fn skip_limits(body: &mut &[u8]) -> Option<()> {
    let flags = byte(body)?;
    number(body)?;
    if flags & 1 != 0 {
        number(body)?;
    }
    Some(())
}

fn without_hash(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()) => stem,
        _ if name.starts_with("__wbindgen_cast_") => "__wbindgen_cast",
        _ => name,
    }
}

fn byte(body: &mut &[u8]) -> Option<u8> {
    let (&first, rest) = body.split_first()?;
    *body = rest;
    Some(first)
}

fn text<'a>(body: &mut &'a [u8]) -> Option<&'a str> {
    let length = number(body)?;
    let (text, rest) = body.split_at_checked(length)?;
    *body = rest;
    core::str::from_utf8(text).ok()
}

/// An unsigned LEB128 number of at most 32 bits.
fn number(body: &mut &[u8]) -> Option<usize> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let next = byte(body)?;
        value |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_hash() {
        assert_eq!(without_hash("__wbg_set_0123456789abcdef"), "__wbg_set");
        assert_eq!(without_hash("__wbindgen_init_externref_table"), "__wbindgen_init_externref_table");
    }

    #[test]
    fn an_import_section_is_read() {
        let section = b"\x02\x01a\x0b__wbg_throw\x00\x02\x01b\x03mem\x02\x01\x01\x10";
        let mut module = b"\0asm\x01\0\0\0\x02".to_vec();
        module.push(section.len() as u8);
        module.extend_from_slice(section);
        let found = names(&module).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["__wbg_throw", "mem"]);
    }
}
