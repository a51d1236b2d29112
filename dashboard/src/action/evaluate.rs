//! Evaluates realities with a test, in a Worker that gets the repository as a pack.

use govc_engine::{Repository, Result};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

/// What to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The realities beside main.
    pub names: Vec<String>,
    /// The test, a module of JavaScript.
    pub code: String,
    /// Runs of each.
    pub samples: u32,
    /// Whether more is better.
    pub is_higher_better: bool,
}

/// What came out for a reality; the first is main, with which the others are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// The mean of its scores.
    pub score: Option<f64>,
    /// By how much it differs from main, and the interval of that.
    pub difference: Option<(f64, f64, f64)>,
    /// "better", "worse" or "no difference"; empty where nothing can be said.
    pub verdict: String,
    /// Why it is out.
    pub error: String,
    /// Whether it won.
    pub is_winner: bool,
}

/// What the Worker says.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Runs done, and in all.
    Progress(u64, u64),
    /// It is done.
    Rows(Vec<Row>),
    /// It failed.
    Failure(String),
}

/// The message that the Worker waits for.
pub fn message(repository: &Repository, plan: &Plan) -> Result<JsValue> {
    let mut export = repository.export(None, Vec::new())?;
    let mut pack = Vec::new();
    while let Some(chunk) = repository.export_chunk(&mut export)? {
        pack.extend_from_slice(&chunk);
    }
    let refs = Object::new();
    let main = repository.main()?.short().to_string();
    for name in plan.names.iter().chain([&main]) {
        if let Some(head) = repository.head(&repository.reality(name.as_bytes())?)? {
            set(&refs, &format!("refs/heads/{name}"), &head.to_string().into());
        }
    }
    let message = Object::new();
    set(&message, "pack", &Uint8Array::from(&pack[..]));
    set(&message, "refs", &refs);
    set(&message, "main", &main.into());
    set(&message, "names", &plan.names.iter().map(JsValue::from).collect::<Array>());
    set(&message, "code", &JsValue::from(&plan.code));
    set(&message, "samples", &plan.samples.into());
    set(&message, "better", &if plan.is_higher_better { "higher" } else { "lower" }.into());
    Ok(message.into())
}

/// Reads what the Worker says.
pub fn told(data: &JsValue) -> Told {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if let Some(failure) = field("failure").as_string() {
        return Told::Failure(failure);
    }
    if let Some(done) = field("done").as_f64() {
        return Told::Progress(done as u64, field("total").as_f64().unwrap_or(0.0) as u64);
    }
    Told::Rows(rows_of(&field("rows")))
}

/// Reads the rows of an evaluation.
pub fn rows_of(rows: &JsValue) -> Vec<Row> {
    Array::from(rows).iter().map(|row| row_of(&Array::from(&row))).collect()
}

fn row_of(row: &Array) -> Row {
    let number = |at| row.get(at).as_f64();
    let word = |at| row.get(at).as_string().unwrap_or_default();
    let difference = || Some((number(2)?, number(3)?, number(4)?));
    Row {
        name: word(0),
        score: number(1),
        difference: difference(),
        verdict: word(5),
        error: word(6),
        is_winner: row.get(7).is_truthy(),
    }
}

/// An object takes every property.
fn set(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}
