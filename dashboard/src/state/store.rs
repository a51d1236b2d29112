//! The repository in this tab, and the signals that tell of its changes.
//!
//! Commands go in through [`Store::command`] alone. What is shown follows from the engine's events: `version` grows when
//! there are new ones.

use std::cell::RefCell;
use std::rc::Rc;

use govc_engine::git::limits::Limits;
use govc_engine::{Author, Env, Repository};
use leptos::prelude::*;

use crate::io::{clock, location};
use crate::model::link::Link;
use crate::state::history::History;

thread_local! {
    static REPOSITORY: RefCell<Option<Repository>> = const { RefCell::new(None) };
    static HISTORY: RefCell<Rc<History>> = RefCell::default();
}

/// Long work that is going on.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is done, for people.
    pub phase: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all, where that is known.
    pub total: Option<u64>,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// One line.
    pub text: String,
    /// Whether something went wrong.
    pub is_failure: bool,
}

/// The handle that components share.
#[derive(Clone, Copy)]
pub struct Store {
    /// Grows with the repository's log of operations.
    pub version: RwSignal<u64>,
    /// Grows when something was staged.
    pub staged: RwSignal<u64>,
    /// Grows when the rows of the graph were laid out anew.
    pub rows: RwSignal<u64>,
    /// Long work, while there is some.
    pub progress: RwSignal<Option<Progress>>,
    /// The last notice.
    pub notice: RwSignal<Option<Notice>>,
    /// What is seen.
    pub link: RwSignal<Link>,
}

impl Store {
    /// Without a repository; what is seen comes from the address.
    pub fn new() -> Self {
        Self {
            version: RwSignal::new(0),
            staged: RwSignal::new(0),
            rows: RwSignal::new(0),
            progress: RwSignal::new(None),
            notice: RwSignal::new(None),
            link: RwSignal::new(Link::parse(&location::fragment())),
        }
    }

    /// Takes a repository in place of the one that was shown.
    pub fn open(self, repository: Repository) {
        let version = repository.events_end() + 1;
        REPOSITORY.with_borrow_mut(|held| *held = Some(repository));
        self.version.set(version);
    }

    /// An empty repository to import into.
    pub fn empty(main: &str) -> Result<Repository, String> {
        Repository::new(main.as_bytes(), Limits::default()).map_err(|error| error.to_string())
    }

    /// Looks at the repository; `None` while there is none. Components that call it follow `version`.
    pub fn read<T>(self, look: impl FnOnce(&Repository) -> T) -> Option<T> {
        self.version.track();
        REPOSITORY.with_borrow(|held| held.as_ref().map(look))
    }

    /// Looks at the repository by means that write objects nobody sees, such as a trial merge. Follows nothing.
    pub fn look<T>(self, look: impl FnOnce(&mut Repository) -> T) -> Option<T> {
        REPOSITORY.with_borrow_mut(|held| held.as_mut().map(look))
    }

    /// Changes the repository. A failure is told, and nothing was changed.
    pub fn command<T>(
        self,
        change: impl FnOnce(&mut Repository, &Env) -> govc_engine::Result<T>,
    ) -> Option<T> {
        let result = REPOSITORY.with_borrow_mut(|held| held.as_mut().map(|held| change(held, &env())))?;
        let end = REPOSITORY.with_borrow(|held| held.as_ref().map_or(0, Repository::events_end)) + 1;
        if end != self.version.get_untracked() {
            self.version.set(end);
        }
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.tell(error.to_string(), true);
                None
            }
        }
    }

    /// Stages something; whether that worked. A failure is told, and nothing was staged.
    pub fn stage(self, change: impl FnOnce(&mut Repository) -> govc_engine::Result<()>) -> bool {
        let is_done = self.command(|repository, _| change(repository)).is_some();
        if is_done {
            self.staged.update(|staged| *staged += 1);
        }
        is_done
    }

    /// Tells something.
    pub fn tell(self, text: String, is_failure: bool) {
        self.notice.set(Some(Notice { text, is_failure }));
    }

    /// The names of all realities, in order. Follows `version`.
    pub fn realities(self) -> Vec<String> {
        let names = self.read(|repository| {
            repository.list_realities(None).iter().map(|name| name.short().to_string()).collect()
        });
        names.unwrap_or_default()
    }

    /// The name of the main reality; empty while there is none. Follows `version`.
    pub fn main(self) -> String {
        let main = self.read(|repository| repository.main().ok().map(|name| name.short().to_string()));
        main.flatten().unwrap_or_default()
    }

    /// The chosen reality, else main. Follows `link` and `version`.
    pub fn reality(self) -> String {
        self.link.get().reality.unwrap_or_else(|| self.main())
    }

    /// The rows of the graph. Components that call it follow `rows`.
    pub fn history(self) -> Rc<History> {
        self.rows.track();
        HISTORY.with_borrow(Rc::clone)
    }

    /// Shows other rows.
    pub fn set_history(self, history: History) {
        HISTORY.with_borrow_mut(|held| *held = Rc::new(history));
        self.rows.update(|rows| *rows += 1);
    }

    /// Changes what is seen; the address follows.
    pub fn show(self, keep: bool, change: impl FnOnce(&mut Link)) {
        let mut link = self.link.get_untracked();
        change(&mut link);
        if link != self.link.get_untracked() {
            location::set_fragment(&link.to_text(), keep);
            self.link.set(link);
        }
    }
}

/// The moment and the visitor.
pub fn env() -> Env {
    let author = Author { name: "Visitor".into(), email: "visitor@example.com".into(), offset_minutes: 0 };
    Env { now_ms: clock::now_ms(), author }
}
