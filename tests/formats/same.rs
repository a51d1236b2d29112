//! Native and wasm give the same bytes: this runs `tests/cases/formats/same.in` natively, `tests/npm/formats.test.mjs` in
//! wasm, and both must print `same.out`. `GOVC_WRITE_CASES=1` writes it anew.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;

use govc_formats::{Favor, Format, Merged, check, merge, to_json, write};

fn format(name: &str) -> Format {
    let names = ["json", "jsonc", "yaml", "toml"];
    Format::ALL[names.iter().position(|other| *other == name).unwrap()]
}

fn run(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let (command, format, rest) =
        (words.next().unwrap(), format(words.next().unwrap()), words.next().unwrap());
    let text = rest.replace(';', "\n").replace('~', "\r");
    match command {
        "check" => check(format, text.as_bytes()).iter().map(|problem| format!("{problem}\n")).collect(),
        "json" => to_json(format, text.as_bytes()).unwrap().text + "\n",
        "write" => match write(format, text.as_bytes()) {
            Ok(text) => text,
            Err(_) => "cannot be written\n".into(),
        },
        "merge" => {
            let sides: Vec<&str> = text.split(" | ").collect();
            match merge(
                format,
                sides[0].as_bytes(),
                sides[1].as_bytes(),
                sides[2].as_bytes(),
                None,
                Favor::None,
            ) {
                Merged::Document(text) => String::from_utf8(text).unwrap() + "\n",
                _ => "conflict\n".into(),
            }
        }
        other => panic!("there is no command '{other}'"),
    }
}

#[test]
fn native_prints_what_wasm_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/formats");
    let input = std::fs::read_to_string(folder.join("same.in")).unwrap();
    let mut printed = String::new();
    for line in input.lines().filter(|line| !line.starts_with('#')) {
        write!(printed, "> {line}\n{}", run(line)).unwrap();
    }
    let expected = folder.join("same.out");
    if std::env::var_os("GOVC_WRITE_CASES").is_some() {
        std::fs::write(&expected, &printed).unwrap();
    }
    assert_eq!(printed, std::fs::read_to_string(expected).unwrap());
}
