//! Merges by key against a naive merge of values, and the laws that hold for all of them.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use govc_formats::{Favor, Format, Merged, check, merge, to_json, write};
use govc_git::merge::text::{TextOptions, merge_text};
use govc_tests::Random;
use serde_json::{Map, Value, json};

const FORMATS: [Format; 3] = [Format::Json, Format::Yaml, Format::Toml];

/// The naive model: maps by key, lists only where both grew at the end, everything else as one value.
fn model(base: Option<&Value>, ours: Option<&Value>, theirs: Option<&Value>) -> Result<Option<Value>, ()> {
    if ours == theirs || base == theirs {
        return Ok(ours.cloned());
    }
    if base == ours {
        return Ok(theirs.cloned());
    }
    match (base, ours, theirs) {
        (Some(Value::Object(_)) | None, Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut merged = Map::new();
            for key in a.keys().chain(b.keys()) {
                let inner = base.and_then(|base| base.get(key));
                if let Some(value) = model(inner, a.get(key), b.get(key))? {
                    merged.insert(key.clone(), value);
                }
            }
            Ok(Some(Value::Object(merged)))
        }
        (Some(Value::Array(base)), Some(Value::Array(a)), Some(Value::Array(b)))
            if a.starts_with(base) && b.starts_with(base) =>
        {
            let mut merged = a.clone();
            merged.extend(b[base.len()..].iter().filter(|value| !a[base.len()..].contains(value)).cloned());
            Ok(Some(Value::Array(merged)))
        }
        _ => Err(()),
    }
}

fn scalar(random: &mut Random) -> Value {
    let texts = ["x", "on", "a: b", "two\nlines\n", "", "# no", "10", "\u{e9}", "- y", "'"];
    match random.below(4) {
        0 => json!(random.below(100)),
        1 => json!(random.chance(50)),
        2 => json!(0.5 + random.below(9) as f64),
        _ => json!(texts[random.below(texts.len())]),
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 3 } else { 6 }) {
        0..=2 => scalar(random),
        3 => Value::Array((0..random.below(3)).map(|_| value(random, depth - 1)).collect()),
        _ => Value::Object(object(random, depth - 1)),
    }
}

fn object(random: &mut Random, depth: usize) -> Map<String, Value> {
    let names = ["a", "b", "c", "key", "the key", "d.e", "\u{e9}", "z", "0", "true", "on"];
    (0..random.below(5))
        .map(|_| (names[random.below(names.len())].to_owned(), value(random, depth)))
        .collect()
}

/// Changes some of a value: a key added, removed, changed, something added to a list.
fn changed(random: &mut Random, value: &Value, depth: usize) -> Value {
    let mut value = value.clone();
    for _ in 0..1 + random.below(2) {
        change(random, &mut value, depth);
    }
    value
}

fn change(random: &mut Random, value: &mut Value, depth: usize) {
    match value {
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            if keys.is_empty() || random.chance(30) {
                map.extend(object(random, depth.saturating_sub(1)));
                return;
            }
            let key = keys[random.below(keys.len())].clone();
            if random.chance(20) {
                map.remove(&key);
            } else if let Some(inner) = map.get_mut(&key) {
                change(random, inner, depth.saturating_sub(1));
            }
        }
        Value::Array(list) if random.chance(70) => list.push(scalar(random)),
        other => *other = scalar(random),
    }
}

fn written(format: Format, value: &Value) -> String {
    match format {
        Format::Json => serde_json::to_string_pretty(value).unwrap() + "\n",
        _ => write(format, value.to_string().as_bytes()).unwrap(),
    }
}

fn read(format: Format, text: &[u8]) -> Value {
    assert_eq!(check(format, text), [], "{}", String::from_utf8_lossy(text));
    serde_json::from_str(&to_json(format, text).unwrap().text).unwrap()
}

#[test]
fn what_is_merged_says_what_the_model_says() {
    for format in FORMATS {
        let mut random = Random::new(11);
        let (mut clean, mut open, mut short) = (0, 0, 0);
        for round in 0..4000 {
            let base = Value::Object(object(&mut random, 3));
            let [ours, theirs] = [(); 2].map(|()| changed(&mut random, &base, 3));
            let texts = [&base, &ours, &theirs].map(|value| written(format, value));
            let [b, o, t] = texts.each_ref().map(|text| text.as_bytes());
            let expected = model(Some(&base), Some(&ours), Some(&theirs));
            let merged = merge(format, b, o, t, None, Favor::None);
            let show = || {
                format!(
                    "{format:?} {round}\n--- base\n{}--- ours\n{}--- theirs\n{}",
                    texts[0], texts[1], texts[2]
                )
            };
            match (&expected, &merged) {
                (Ok(Some(expected)), Merged::Document(text)) => {
                    assert_eq!(
                        read(format, text),
                        *expected,
                        "{}--- merged\n{}",
                        show(),
                        String::from_utf8_lossy(text)
                    );
                    clean += 1;
                }
                (Err(()), Merged::Lines) => open += 1,
                // A model that merges, and texts that cannot be put together.
                (Ok(_), Merged::Lines) => {
                    short += 1;
                    if std::env::var_os("GOVC_SHOW").is_some() {
                        println!("{}", show());
                    }
                }
                _ => panic!("{expected:?} {merged:?} {}", show()),
            }
            laws(format, [b, o, t], [&base, &ours, &theirs]);
        }
        println!("{format:?}: {clean} merged, {open} conflicts, {short} that only the model merges");
        assert!(clean > 1000 && open > 100, "{format:?}: {clean} and {open}");
        assert!(short * 50 <= clean, "{format:?}: {short} of {clean} could not be put together");
    }
}

fn laws(format: Format, [b, o, t]: [&[u8]; 3], [base, ours, theirs]: [&Value; 3]) {
    // Sides that are swapped give what the model gives for sides that are swapped.
    match (model(Some(base), Some(theirs), Some(ours)), merge(format, b, t, o, None, Favor::None)) {
        (Ok(Some(expected)), Merged::Document(text)) => assert_eq!(read(format, &text), expected),
        (_, Merged::Lines) => {}
        other => panic!("{other:?}"),
    }
    // A side that changed nothing, and sides that are equal.
    for (o, t, expected) in [(b, t, theirs), (o, b, ours), (o, o, ours)] {
        match merge(format, b, o, t, None, Favor::None) {
            Merged::Document(text) => assert_eq!(read(format, &text), *expected),
            other => panic!("{other:?}"),
        }
    }
    // With a side that wins there is always a document, and with the lines it says what it says without.
    for favor in [Favor::Ours, Favor::Theirs] {
        if let Merged::Document(text) = merge(format, b, o, t, None, favor) {
            read(format, &text);
        }
    }
    let lines = merge_text(b, o, t, &TextOptions::default()).unwrap();
    if lines.conflicts == 0 {
        match merge(format, b, o, t, Some(&lines.bytes), Favor::None) {
            Merged::Lines => drop(read(format, &lines.bytes)),
            Merged::Document(text) => {
                assert_eq!(Some(read(format, &text)), model(Some(base), Some(ours), Some(theirs)).unwrap())
            }
            Merged::Broken => {}
        }
    }
}

#[test]
fn keys_that_have_nothing_to_do_with_each_other_never_conflict() {
    for format in FORMATS {
        let mut random = Random::new(5);
        for round in 0..1000 {
            let base = Value::Object(object(&mut random, 2));
            let add = |side: &str, random: &mut Random| {
                let mut value = base.clone();
                let map = value.as_object_mut().unwrap();
                for number in 0..1 + random.below(3) {
                    map.insert(format!("{side} {number}"), self::value(random, 2));
                }
                value
            };
            let (ours, theirs) = (add("ours", &mut random), add("theirs", &mut random));
            let [b, o, t] = [&base, &ours, &theirs].map(|value| written(format, value));
            let Merged::Document(text) =
                merge(format, b.as_bytes(), o.as_bytes(), t.as_bytes(), None, Favor::None)
            else {
                panic!("{format:?} {round}\n--- base\n{b}--- ours\n{o}--- theirs\n{t}");
            };
            assert_eq!(Some(read(format, &text)), model(Some(&base), Some(&ours), Some(&theirs)).unwrap());
        }
    }
}
