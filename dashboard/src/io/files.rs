//! Files that a person chose.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, HtmlInputElement};

/// The chosen files, each with its path below the chosen folder.
pub fn chosen(input: &HtmlInputElement) -> Vec<(String, File)> {
    let Some(files) = input.files() else { return Vec::new() };
    let path = |file: &File| {
        let path =
            js_sys::Reflect::get(file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
        let below = path.as_deref().and_then(|path| path.split_once('/')).map(|(_, below)| below.to_owned());
        below.unwrap_or_else(|| file.name())
    };
    (0..files.length()).filter_map(|at| files.get(at)).map(|file| (path(&file), file)).collect()
}

/// The bytes of a file.
pub async fn bytes(file: &File) -> Result<Vec<u8>, String> {
    let blob: &Blob = file.unchecked_ref();
    let buffer =
        JsFuture::from(blob.array_buffer()).await.map_err(|_| format!("{} cannot be read", file.name()))?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}
