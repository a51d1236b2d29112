//! Resolving a merge: the paths that wait for a decision, one of them laid out, and the merge when nothing is left.

use govc_engine::Repository;
use govc_engine::git::ObjectId;
use govc_engine::git::refs::RefName;
use leptos::ev;
use leptos::prelude::*;

use crate::action::resolve;
use crate::io::focus;
use crate::model::conflict::Choice;
use crate::model::resolution::{OpenPath, Place, Resolution, Side, Take};
use crate::model::text;
use crate::state::conflicts::{AllRecorded, Recorded, take_over};
use crate::state::difference::staged;
use crate::state::store::Store;
use crate::view::diff::DiffList;
use crate::view::panes::TextPanes;
use crate::view::sides::WholePath;

/// What the parts of this view share.
#[derive(Clone, Copy)]
pub struct Resolving {
    store: Store,
    all: AllRecorded,
    /// The reality that is merged into.
    pub reality: Memo<String>,
    /// What is merged in: a reality, or else a commit.
    pub theirs: Memo<String>,
    /// Which of the paths is laid out.
    pub at: Memo<usize>,
    /// Which part of its text is at hand.
    pub part: RwSignal<Option<usize>>,
    /// What was done last, for those who listen.
    said: RwSignal<String>,
}

impl Resolving {
    fn new(store: Store, all: AllRecorded) -> Self {
        let reality = Memo::new(move |_| {
            let wanted = store.link.get().reality;
            let known = |name: &String| all.with(|all| all.contains_key(name));
            let first = || all.with(|all| all.keys().next().cloned());
            wanted.filter(known).or_else(first).unwrap_or_default()
        });
        let at = Memo::new(move |_| {
            let wanted = store.link.get().path;
            let place = |recorded: &Recorded| {
                let mut paths = recorded.resolution.paths.iter();
                paths.position(|path| Some(&path.path) == wanted.as_ref())
            };
            all.with(|all| all.get(&reality.get()).and_then(place)).unwrap_or(0)
        });
        let theirs = Memo::new(move |_| {
            let id = all.with(|all| all.get(&reality.get()).map(|recorded| recorded.theirs));
            id.map(|id| name_of(store, id)).unwrap_or_default()
        });
        Self {
            store,
            all,
            reality,
            theirs,
            at,
            part: RwSignal::new(None),
            said: RwSignal::new(String::new()),
        }
    }

    /// Looks at what is recorded; nothing where no merge is.
    pub fn look<T>(self, look: impl FnOnce(&Recorded) -> T) -> Option<T> {
        self.all.with(|all| all.get(&self.reality.get()).map(look))
    }

    /// Looks at the path that is laid out.
    pub fn path<T>(self, at: usize, look: impl FnOnce(&OpenPath) -> T) -> Option<T> {
        self.look(|recorded| recorded.resolution.paths.get(at).map(look)).flatten()
    }

    /// Decides something of a path and stages what it is then; `word` says what was done.
    pub fn decide(self, at: usize, word: &str, change: impl FnOnce(&mut Resolution)) {
        let reality = self.reality.get_untracked();
        let decided = self.all.try_update(|all| {
            let recorded = all.get_mut(&reality)?;
            let before = recorded.resolution.paths.get(at)?.clone();
            change(&mut recorded.resolution);
            let now = recorded.resolution.paths.get(at)?.clone();
            Some((recorded.conflicts.get(at)?.clone(), before, now, recorded.resolution.left()))
        });
        let Some((conflict, before, now, left)) = decided.flatten() else { return };
        let stage = |repository: &mut Repository| match (&now.text, now.taken) {
            (Some(text), None | Some(Take::Merged)) => {
                resolve::stage_text(repository, &reality, &conflict, text.result())
            }
            (_, taken) => resolve::stage_whole(repository, &reality, &conflict, taken),
        };
        if self.store.stage(stage) {
            self.said.set(format!("{word} {}", left_words(left)));
        } else {
            self.all.update(|all| {
                if let Some(path) = all.get_mut(&reality).and_then(|known| known.resolution.paths.get_mut(at))
                {
                    *path = before;
                }
            });
        }
    }

    /// Makes something of a part of a text.
    pub fn choose(self, at: usize, part: usize, choice: Option<Choice>) {
        let word = match &choice {
            None => "Open again.",
            Some(Choice::Ours) => "Took ours.",
            Some(Choice::Theirs) => "Took theirs.",
            Some(Choice::OursTheirs) => "Took both, ours first.",
            Some(Choice::TheirsOurs) => "Took both, theirs first.",
            Some(Choice::Edited(_)) => "Edited.",
        };
        self.decide(at, word, |resolution| resolution.choose(at, part, choice));
    }

    /// Says what a path becomes as a whole.
    pub fn take(self, at: usize, take: Option<Take>) {
        let offers = self.path(at, OpenPath::offers).unwrap_or_default();
        let word = offers.iter().find(|(offered, _)| Some(*offered) == take).map(|(_, word)| word.as_str());
        let word = format!("{}.", word.unwrap_or("Open again"));
        self.decide(at, &word, |resolution| resolution.take(at, take));
    }

    /// Goes to the next conflict, or the one before.
    pub fn go(self, forward: bool) {
        let from = (self.at.get_untracked(), self.part.get_untracked());
        if let Some(place) = self.look(|recorded| recorded.resolution.next(from, forward)).flatten() {
            self.show(place);
        }
    }

    /// Goes to the conflict at hand, or on where that is decided.
    fn go_in(self, forward: bool) {
        let here = (self.at.get_untracked(), self.part.get_untracked());
        if self.look(|recorded| recorded.resolution.is_open(here)).unwrap_or(false) {
            self.show(here);
        } else {
            self.go(forward);
        }
    }

    /// Lays out a conflict and brings the focus there.
    pub fn show(self, (at, part): Place) {
        let path = self.path(at, |path| path.path.clone());
        self.store.show(false, |link| (link.path, link.reality) = (path, Some(self.reality.get_untracked())));
        self.part.set(part);
        focus::on(place_id(at, part));
    }
}

/// The reality that stands at a commit; else the commit, shortened.
fn name_of(store: Store, id: ObjectId) -> String {
    let named = store.read(|repository| {
        let stands = |name: &RefName| repository.head(name).ok().flatten() == Some(id);
        repository.list_realities(None).into_iter().find(stands).map(|name| name.short().to_string())
    });
    named.flatten().unwrap_or_else(|| id.to_string()[..10].to_owned())
}

/// How the element of a conflict is called.
pub fn place_id(at: usize, part: Option<usize>) -> String {
    match part {
        Some(part) => format!("conflict-{at}-{part}"),
        None => format!("conflict-{at}"),
    }
}

fn left_words(left: usize) -> String {
    match left {
        0 => "Nothing is left to decide.".to_owned(),
        1 => "1 decision is left.".to_owned(),
        _ => format!("{left} decisions are left."),
    }
}

/// The view in which conflicts are resolved.
#[component]
pub fn ConflictsView() -> impl IntoView {
    let store = expect_context::<Store>();
    let all = expect_context::<AllRecorded>();
    let resolving = Resolving::new(store, all);
    provide_context(resolving);
    // What was written elsewhere meanwhile counts.
    Effect::new(move |_| {
        let reality = resolving.reality.get();
        let _ = store.look(|repository| {
            all.update(|all| {
                if let Some(recorded) = all.get_mut(&reality) {
                    take_over(repository, &reality, recorded);
                }
            });
        });
    });
    let is_there = Memo::new(move |_| resolving.look(|_| ()).is_some());
    view! {
        <Show when=move || is_there.get() fallback=Nothing>
            <section class="side" aria-labelledby="conflicts-title" on:keydown:capture=move |event| keys(resolving, &event, false)>
                <Overview/>
            </section>
            <section class="resolve" aria-label="The chosen path" on:keydown:capture=move |event| keys(resolving, &event, true)>
                <Chosen/>
            </section>
        </Show>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <section class="resolve">
            <h2 id="conflicts-title" tabindex="-1">"No conflict is open"</h2>
            <p class="empty">"Choose a reality, preview its merge, and resolve here what needs a decision."</p>
            <p><a class="go" href="#realities">"To the realities"</a></p>
        </section>
    }
}

/// What a key asks for.
enum Wish {
    Go(bool),
    Leave,
    Write,
    Choose(usize, Option<Choice>),
    Take(Option<Take>),
}

/// Keys that lead to conflicts, and those that decide the one at hand; letters are text where the focus is in a field.
fn keys(resolving: Resolving, event: &ev::KeyboardEvent, is_in_path: bool) {
    if event.ctrl_key() || event.meta_key() {
        return;
    }
    let (at, part) = (resolving.at.get_untracked(), resolving.part.get_untracked());
    let wish = match (event.key().as_str(), event.alt_key(), focus::is_in_text(event)) {
        ("ArrowDown", true, _) | ("n", false, false) => Some(Wish::Go(true)),
        ("ArrowUp", true, _) | ("p", false, false) => Some(Wish::Go(false)),
        ("Escape", false, true) if is_in_path => Some(Wish::Leave),
        (key, false, false) if is_in_path => match part {
            Some(part) => part_wish(part, key),
            None => path_wish(&resolving.path(at, OpenPath::offers).unwrap_or_default(), key),
        },
        _ => None,
    };
    let Some(wish) = wish else { return };
    event.prevent_default();
    event.stop_propagation();
    match wish {
        Wish::Go(forward) if is_in_path => resolving.go(forward),
        Wish::Go(forward) => resolving.go_in(forward),
        Wish::Leave => focus::on(place_id(at, part)),
        Wish::Write => focus::inside(place_id(at, part)),
        Wish::Choose(part, choice) => resolving.choose(at, part, choice),
        Wish::Take(take) => resolving.take(at, take),
    }
}

fn part_wish(part: usize, key: &str) -> Option<Wish> {
    let choice = match key {
        "o" => Some(Choice::Ours),
        "t" => Some(Choice::Theirs),
        "b" => Some(Choice::OursTheirs),
        "B" => Some(Choice::TheirsOurs),
        "u" => None,
        "e" => return Some(Wish::Write),
        _ => return None,
    };
    Some(Wish::Choose(part, choice))
}

fn path_wish(offers: &[(Take, String)], key: &str) -> Option<Wish> {
    let take = match key {
        "o" => Take::Side(Side::Ours),
        "t" => Take::Side(Side::Theirs),
        "x" => Take::Nothing,
        "u" => return Some(Wish::Take(None)),
        _ => return None,
    };
    offers.iter().any(|(offered, _)| *offered == take).then_some(Wish::Take(Some(take)))
}

/// What is merged, which paths are open, and the way out.
#[component]
fn Overview() -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let theirs = resolving.theirs;
    let left = Memo::new(move |_| resolving.look(|recorded| recorded.resolution.left()).unwrap_or(0));
    let names = Memo::new(move |_| {
        let paths = |recorded: &Recorded| {
            recorded.resolution.paths.iter().map(|path| path.path.clone()).enumerate().collect::<Vec<_>>()
        };
        resolving.look(paths).unwrap_or_default()
    });
    view! {
        <h2 id="conflicts-title" tabindex="-1">"Merging "{move || text::shown_line(&theirs.get())}" into "{move || text::shown_line(&resolving.reality.get())}</h2>
        <p class="left" role="status"><strong>{move || left_words(left.get())}</strong>
            <span class="spoken">{move || resolving.said.get()}</span></p>
        <ul class="realities" aria-label="Paths in conflict">
            <For each=move || names.get() key=|(at, _)| *at let((at, name))>
                <ConflictItem at name/>
            </For>
        </ul>
        <Finish theirs left/>
    }
}

#[component]
fn ConflictItem(at: usize, name: String) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let state = Memo::new(move |_| resolving.path(at, |path| (path.left(), path.is_settled(), path.title())));
    let standing = move || match state.get() {
        Some((_, true, _)) => "\u{2713} settled".to_owned(),
        Some((left, _, title)) if left > 1 => format!("{title} \u{b7} {left} left"),
        Some((.., title)) => title.to_owned(),
        None => String::new(),
    };
    let open = move |_| {
        let first = resolving.path(at, |path| path.text.as_ref().and_then(|text| text.conflicts().next()));
        resolving.show((at, first.flatten()));
    };
    view! {
        <li><button class="reality" aria-current=move || (resolving.at.get() == at).then_some("true") on:click=open>
            <span class="name">{text::shown_line(&name)}</span>
            <span class="standing" class:settled=move || state.get().is_some_and(|state| state.1)>{standing}</span>
        </button></li>
    }
}

/// The merge, what it changes, and giving it up.
#[component]
fn Finish(theirs: Memo<String>, left: Memo<usize>) -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let store = expect_context::<Store>();
    let message = RwSignal::new(String::new());
    Effect::new(move |_| message.set(resolve::message(&theirs.get(), &resolving.reality.get())));
    let is_opened = RwSignal::new(false);
    let files = move || {
        store.staged.track();
        store
            .look(|repository| staged(repository, &resolving.reality.get()).ok())
            .flatten()
            .unwrap_or_default()
    };
    let merge = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let (reality, words) = (resolving.reality.get_untracked(), message.get_untracked());
        if left.get_untracked() > 0 {
            return resolving.go(true);
        }
        if store.command(|repository, env| resolve::finish(repository, env, &reality, &words)).is_some() {
            let told = format!("Merged {} into {}: Undo takes it back", theirs.get_untracked(), reality);
            store.tell(text::shown_line(&told), false);
            focus::on("conflicts-title".to_owned());
        }
    };
    view! {
        <form class="finish" on:submit=merge>
            <label>"Message"<textarea rows="2" required prop:value=message
                on:input:target=move |event| message.set(event.target().value())></textarea></label>
            <p class="controls"><button class="strong" disabled=move || { left.get() > 0 }>"Merge"</button><GiveUp/></p>
            <p class="more">"What you decide is staged at once. You can leave: the merge waits here, with all that is decided, until it is committed or given up. \
                The commit is one operation."</p>
            <details class="file" on:toggle=move |_| is_opened.set(true)>
                <summary>{move || format!("What it changes in {}", text::shown_line(&resolving.reality.get()))}</summary>
                <Show when=move || is_opened.get()>{move || view! { <DiffList files=files()/> }}</Show>
            </details>
        </form>
    }
}

/// Giving up asks once more.
#[component]
fn GiveUp() -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let store = expect_context::<Store>();
    let asks = RwSignal::new(false);
    let give_up = move |_| {
        let reality = resolving.reality.get_untracked();
        if store.stage(|repository| resolve::give_up(repository, &reality)) {
            store.tell(format!("{} is as it was before the merge", text::shown_line(&reality)), false);
            focus::on("conflicts-title".to_owned());
        }
    };
    view! {
        <Show when=move || asks.get() fallback=move || view! {
            <button type="button" on:click=move |_| { asks.set(true); focus::on("give-up".to_owned()); }>"Give the merge up"</button>
        }>
            <button type="button" id="give-up" class="danger" on:click=give_up>"Give up all that is decided"</button>
            <button type="button" on:click=move |_| asks.set(false)>"Keep it"</button>
        </Show>
    }
}

/// The chosen path: what it is about, its text in panes or its sides, and what it can become as a whole.
#[component]
fn Chosen() -> impl IntoView {
    let resolving = expect_context::<Resolving>();
    let chosen = Memo::new(move |_| {
        let at = resolving.at.get();
        resolving.path(at, |path| (at, path.path.clone(), path.title(), path.advice(), path.text.is_some()))
    });
    // Another path begins at its first conflict.
    Effect::new(move |_| {
        let at = resolving.at.get();
        let first = resolving.path(at, |path| {
            let text = path.text.as_ref()?;
            let known = resolving.part.get_untracked().filter(|part| text.conflicts().any(|at| at == *part));
            known.or(text.open().next()).or(text.conflicts().next())
        });
        resolving.part.set(first.flatten());
    });
    view! {
        {move || chosen.get().map(|(at, path, title, advice, is_text)| view! {
            <h2 id="chosen-title"><code>{text::shown_line(&path)}</code></h2>
            <p><strong>{title}"."</strong>" "{advice}</p>
            <WholePath at/>
            {is_text.then(|| view! { <TextPanes at path/> })}
        })}
    }
}
