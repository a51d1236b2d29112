//! JSON, YAML and TOML for JavaScript: a module beside the engine's, loaded by who needs it.
//!
//! Every export decodes its arguments, makes one call and encodes the answer. `wasm/js/formats/module.ts` is its only caller.

use govc_formats::{Favor, Format, Merged, Problem};
use wasm_bindgen::prelude::*;

/// The problems of a document: their number, then line, column and text of each.
#[wasm_bindgen]
pub fn check(format: u8, bytes: &[u8]) -> Vec<u8> {
    packed_problems(&govc_formats::check(format_of(format), bytes))
}

/// Line and column of each value that `pointers`, joined by NUL, name; nothing where the document cannot be read.
#[wasm_bindgen]
pub fn locate(format: u8, bytes: &[u8], pointers: &str) -> Vec<u32> {
    let pointers: Vec<&str> = pointers.split('\0').collect();
    let places = govc_formats::locate(format_of(format), bytes, &pointers).unwrap_or_default();
    places.into_iter().flat_map(|(line, column)| [line, column]).collect()
}

/// The document as JSON after a byte 1, a list of documents after a byte 2; after a byte 0 what is wrong with it, as `check` tells it.
#[wasm_bindgen(js_name = toJson)]
pub fn to_json(format: u8, bytes: &[u8]) -> Vec<u8> {
    match govc_formats::to_json(format_of(format), bytes) {
        Ok(json) => [&[1 + u8::from(json.is_stream)], json.text.as_bytes()].concat(),
        Err(problem) => [&[0], packed_problems(&[problem]).as_slice()].concat(),
    }
}

/// A value, given as JSON, in a format, after a byte 1; after a byte 0 why it cannot be written, as `check` tells it.
#[wasm_bindgen]
pub fn write(format: u8, json: &[u8]) -> Vec<u8> {
    match govc_formats::write(format_of(format), json) {
        Ok(text) => [&[1], text.as_bytes()].concat(),
        Err(problem) => [&[0], packed_problems(&[problem]).as_slice()].concat(),
    }
}

/// Merges a document by key: `favor` is 0 for neither side, 1 for ours, 2 for theirs. The document after a byte 2; a byte 0
/// where the merge of the lines counts, a byte 1 where that is broken.
#[wasm_bindgen]
pub fn merge(
    format: u8,
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
    lines: Option<Box<[u8]>>,
    favor: u8,
) -> Vec<u8> {
    let favor = match favor {
        1 => Favor::Ours,
        2 => Favor::Theirs,
        _ => Favor::None,
    };
    match govc_formats::merge(format_of(format), base, ours, theirs, lines.as_deref(), favor) {
        Merged::Lines => vec![0],
        Merged::Broken => vec![1],
        Merged::Document(text) => [&[2], text.as_slice()].concat(),
    }
}

fn format_of(number: u8) -> Format {
    Format::ALL.get(usize::from(number)).copied().unwrap_or(Format::Json)
}

fn packed_problems(problems: &[Problem]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&(problems.len() as u32).to_le_bytes());
    for problem in problems {
        out.extend_from_slice(&problem.line.to_le_bytes());
        out.extend_from_slice(&problem.column.to_le_bytes());
        out.extend_from_slice(&(problem.message.len() as u32).to_le_bytes());
        out.extend_from_slice(problem.message.as_bytes());
    }
    out
}
