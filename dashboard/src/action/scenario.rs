//! Plays a step of a scenario, in a Worker that has the npm package and a repository of its own.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

use crate::action::evaluate::{Row, rows_of};
use crate::model::link::Link;
use crate::model::scenario::Place;

/// Something that a step told.
#[derive(Clone, Debug, PartialEq)]
pub enum Printed {
    /// A line or more.
    Text(String),
    /// A table: its title, its head, its rows.
    Table(String, Vec<String>, Vec<Vec<String>>),
    /// An evaluation: its title and its rows.
    Ranking(String, Vec<Row>),
}

/// A step that was played.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// The name of its scenario.
    pub name: String,
    /// Its number, from 1 on.
    pub step: u32,
    /// How many steps there are.
    pub steps: u32,
    /// What it is called.
    pub title: String,
    /// What happens in it, and why.
    pub text: String,
    /// The calls that were made.
    pub code: String,
    /// What they told.
    pub printed: Vec<Printed>,
    /// Where to look.
    pub show: Link,
}

/// What the repository has become: as a storage would hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// All packs.
    pub packs: Vec<Vec<u8>>,
    /// All refs: name, and an id or `ref: NAME`.
    pub refs: Vec<(String, String)>,
}

/// The message that has the Worker play up to a step.
pub fn message(place: Place) -> JsValue {
    let message = Object::new();
    // An object takes every property.
    let _ = Reflect::set(&message, &"name".into(), &place.scenario.name.into());
    let _ = Reflect::set(&message, &"step".into(), &place.step.into());
    message.into()
}

/// Reads what the Worker says: a step and the repository, or why there is none.
pub fn told(data: &JsValue) -> Result<(Played, Stored), String> {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let word = |name: &str| field(name).as_string().unwrap_or_default();
    if let Some(failure) = field("failure").as_string() {
        return Err(failure);
    }
    let number = |name: &str| field(name).as_f64().unwrap_or_default() as u32;
    let played = Played {
        name: word("name"),
        step: number("step"),
        steps: number("steps"),
        title: word("title"),
        text: word("text"),
        code: word("code"),
        printed: joined(Array::from(&field("printed")).iter().map(|one| printed(&one))),
        show: Link::parse(&word("show")),
    };
    let stored = Stored {
        packs: Array::from(&field("packs")).iter().map(|pack| Uint8Array::new(&pack).to_vec()).collect(),
        refs: Array::from(&field("refs")).iter().map(|pair| pair_of(&words(&pair))).collect(),
    };
    Ok((played, stored))
}

fn printed(data: &JsValue) -> Printed {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let word = |name: &str| field(name).as_string().unwrap_or_default();
    match word("kind").as_str() {
        "table" => {
            let rows = Array::from(&field("rows")).iter().map(|row| words(&row)).collect();
            Printed::Table(word("title"), words(&field("head")), rows)
        }
        "ranking" => Printed::Ranking(word("title"), rows_of(&field("rows"))),
        _ => Printed::Text(word("text")),
    }
}

/// Lines that follow each other as one text.
fn joined(all: impl Iterator<Item = Printed>) -> Vec<Printed> {
    let mut out = Vec::<Printed>::new();
    for one in all {
        match (out.last_mut(), one) {
            (Some(Printed::Text(before)), Printed::Text(text)) => *before = format!("{before}\n{text}"),
            (_, one) => out.push(one),
        }
    }
    out
}

fn words(list: &JsValue) -> Vec<String> {
    Array::from(list).iter().map(|word| word.as_string().unwrap_or_default()).collect()
}

fn pair_of(words: &[String]) -> (String, String) {
    let word = |at: usize| words.get(at).cloned().unwrap_or_default();
    (word(0), word(1))
}
