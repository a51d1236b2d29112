//! A path in conflict as a whole: what each side holds, and what it can become.

use govc_engine::Repository;
use govc_engine::git::diff::Side as Stage;
use govc_engine::git::diff::binary::is_binary;
use govc_engine::git::object::EntryKind;
use leptos::prelude::*;

use crate::model::resolution::{OpenPath, Side, Take};
use crate::model::text;
use crate::state::difference::FileLine;
use crate::state::store::Store;
use crate::view::conflicts::{Resolving, place_id};
use crate::view::diff::DiffList;

/// The sides in the order in which they are told.
const NAMES: [&str; 3] = ["Before", "Ours", "Theirs"];

/// What a path can become as a whole; where there is no text to decide, also what each side holds.
#[component]
pub fn WholePath(at: usize) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let offers = resolving.path(at, OpenPath::offers).unwrap_or_default();
    let has_text = resolving.path(at, |path| path.text.is_some()).unwrap_or(false);
    let taken = Memo::new(move |_| resolving.path(at, |path| path.taken).flatten());
    view! {
        <div class="whole" id=place_id(at, None) tabindex="-1" role="group" aria-label="The path as a whole">
            <p class="controls">
                {has_text.then_some("The whole file: ")}
                {offers.into_iter().map(|(take, word)| view! {
                    <button aria-pressed=move || (taken.get() == Some(take)).to_string() aria-keyshortcuts=key(take, has_text)
                        on:click=move |_| resolving.take(at, Some(take))>{word}
                        {key(take, has_text).map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}</button>
                }).collect_view()}
                <Show when=move || taken.get().is_some()>
                    <button on:click=move |_| resolving.take(at, None)>"Open again"</button>
                </Show>
            </p>
            {(!has_text).then(|| view! { <Sides at/> })}
        </div>
    }
}

/// The key of a choice, where the path has no text whose parts have it.
fn key(take: Take, has_text: bool) -> Option<&'static str> {
    match take {
        _ if has_text => None,
        Take::Side(Side::Ours) => Some("o"),
        Take::Side(Side::Theirs) => Some("t"),
        Take::Nothing => Some("x"),
        _ => None,
    }
}

/// What base, ours and theirs hold, and what the side that changed it changed.
#[component]
fn Sides(at: usize) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let store = expect_context::<Store>();
    let conflict = resolving.look(|recorded| recorded.conflicts.get(at).cloned()).flatten();
    let stages = conflict.as_ref().map(|conflict| conflict.stages).unwrap_or_default();
    let path = conflict.map(|conflict| conflict.path.to_string()).unwrap_or_default();
    let words = stages.map(|stage| store.read(|repository| words(repository, stage)).unwrap_or_default());
    let files: Vec<FileLine> = match stages {
        [Some(base), Some(side), None] | [Some(base), None, Some(side)] if base.id != side.id => {
            let sides = (Some(base.id), Some(side.id));
            vec![FileLine { path, from: None, letter: 'M', sides }]
        }
        [None, Some(side), None] | [None, None, Some(side)] => {
            vec![FileLine { path, from: None, letter: 'A', sides: (None, Some(side.id)) }]
        }
        _ => Vec::new(),
    };
    let files = files.into_iter().filter(|_| stages.iter().flatten().all(|stage| stage.mode.is_regular()));
    let files: Vec<FileLine> = files.collect();
    view! {
        <dl class="sides">
            {NAMES.iter().zip(words).map(|(name, words)| view! {
                <div><dt>{*name}</dt><dd>{words}</dd></div>
            }).collect_view()}
        </dl>
        {(!files.is_empty()).then(|| view! { <DiffList files/> })}
    }
}

/// What a side holds, in words.
fn words(repository: &Repository, stage: Option<Stage>) -> String {
    let Some(stage) = stage else { return "nothing".to_owned() };
    let content = || repository.read_blob(&stage.id).ok();
    match stage.mode.kind() {
        EntryKind::Submodule => format!("a submodule at {}", stage.id),
        EntryKind::Symlink => {
            let target = content().unwrap_or_default();
            format!("a symbolic link to {}", text::shown_line(&String::from_utf8_lossy(&target)))
        }
        kind => {
            let bytes = content().unwrap_or_default();
            let what = if is_binary(&bytes) { "no text" } else { "text" };
            let mode = if kind == EntryKind::Executable { ", can be run" } else { "" };
            format!("a file of {} bytes, {what}{mode}", bytes.len())
        }
    }
}
