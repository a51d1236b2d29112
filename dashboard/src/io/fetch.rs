//! Fetches what lies beside the page.

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult, Response};

/// The whole answer as text.
pub async fn text(path: &str) -> Result<String, String> {
    let response = response(path).await?;
    let text = JsFuture::from(response.text().map_err(explained)?).await.map_err(explained)?;
    text.as_string().ok_or_else(|| format!("{path} is no text"))
}

/// The answer's bytes as they come; `take` returns `false` to stop.
pub async fn bytes(path: &str, mut take: impl FnMut(&[u8]) -> Result<(), String>) -> Result<(), String> {
    let response = response(path).await?;
    let body = response.body().ok_or_else(|| format!("{path} is empty"))?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let step: ReadableStreamReadResult =
            JsFuture::from(reader.read()).await.map_err(explained)?.unchecked_into();
        if step.get_done().unwrap_or(false) {
            return Ok(());
        }
        take(&Uint8Array::new(&step.get_value()).to_vec())?;
    }
}

async fn response(path: &str) -> Result<Response, String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let response = JsFuture::from(window.fetch_with_str(path)).await.map_err(explained)?;
    let response: Response = response.unchecked_into();
    if response.ok() {
        Ok(response)
    } else {
        Err(format!("{path}: the server answers {}", response.status()))
    }
}

fn explained(error: JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
