//! One error for the API: a stable code, a sentence that says what to do next, and facts to act on.
//!
//! The only table from the errors of core/git to codes.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use govc_git::diff::DiffError;
use govc_git::edit::EditError;
use govc_git::limits::LimitExceeded;
use govc_git::merge::MergeError;
use govc_git::pack::PackError;
use govc_git::patch::{PatchError, PatchProblem};
use govc_git::path::PathError;
use govc_git::refs::{Expected, RefNameError, ResolveError, UpdateError, UpdateProblem};
use govc_git::rev::RevisionError;
use govc_git::{ObjectId, ReadError, ReadProblem};

/// The API's codes that this crate gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorCode {
    /// What was named does not exist.
    NotFound,
    /// What was to be made exists.
    AlreadyExists,
    /// Git's rules refuse the name of a ref.
    InvalidName,
    /// The path may not be written.
    InvalidPath,
    /// An argument makes no sense.
    InvalidArgument,
    /// An object cannot be taken apart.
    CorruptObject,
    /// A pack or its index cannot be read.
    CorruptPack,
    /// A bound was met.
    LimitExceeded,
    /// Validators found problems.
    ValidationFailed,
    /// A merge has conflicts.
    Conflict,
    /// The ground moved under the operation.
    Stale,
    /// The other side does not speak the protocol.
    Protocol,
    /// Something that is needed is not loaded, or not any more.
    Disposed,
    /// Refused by a rule of the repository.
    Rejected,
    /// The server wants credentials, or others.
    Unauthorized,
    /// The other side is gone, or not able to answer.
    Disconnected,
}

impl ErrorCode {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::InvalidName => "InvalidName",
            Self::InvalidPath => "InvalidPath",
            Self::InvalidArgument => "InvalidArgument",
            Self::CorruptObject => "CorruptObject",
            Self::CorruptPack => "CorruptPack",
            Self::LimitExceeded => "LimitExceeded",
            Self::ValidationFailed => "ValidationFailed",
            Self::Conflict => "Conflict",
            Self::Stale => "Stale",
            Self::Protocol => "Protocol",
            Self::Rejected => "Rejected",
            Self::Unauthorized => "Unauthorized",
            Self::Disconnected => "Disconnected",
            Self::Disposed => "Disposed",
        }
    }
}

/// A fact in an error's details.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A text: a path, a ref, an id.
    Text(String),
    /// A figure.
    Number(u64),
    /// Several texts.
    List(Vec<String>),
}

/// A failure as the API shows it: a pointer, because every result that carries it is as large as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Failure>);

#[derive(Clone, Debug, PartialEq)]
struct Failure {
    code: ErrorCode,
    message: String,
    details: Vec<(&'static str, Detail)>,
}

/// What a command returns.
pub type Result<T, E = Error> = core::result::Result<T, E>;

impl Error {
    /// A failure without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Failure { code, message: message.into(), details: Vec::new() }))
    }

    /// Adds a text to the details.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.0.details.push((key, Detail::Text(value.to_string())));
        self
    }

    /// Adds several texts to the details.
    #[must_use]
    pub fn with_list(mut self, key: &'static str, values: impl IntoIterator<Item = impl ToString>) -> Self {
        self.0.details.push((key, Detail::List(values.into_iter().map(|value| value.to_string()).collect())));
        self
    }

    /// Adds a figure to the details.
    #[must_use]
    pub fn with_number(mut self, key: &'static str, value: u64) -> Self {
        self.0.details.push((key, Detail::Number(value)));
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts, by name.
    pub fn details(&self) -> &[(&'static str, Detail)] {
        &self.0.details
    }

    pub(crate) fn no_reality(name: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no reality '{name}'")).with("reality", name)
    }

    pub(crate) fn no_path(path: impl ToString) -> Self {
        let path = path.to_string();
        Self::new(ErrorCode::NotFound, format!("there is no file at '{path}'")).with("path", path)
    }

    pub(crate) fn corrupt(id: &ObjectId, problem: impl ToString) -> Self {
        let problem = problem.to_string();
        Self::new(ErrorCode::CorruptObject, format!("object {id} is corrupt: {problem}"))
            .with("id", id)
            .with("problem", problem)
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl core::error::Error for Error {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let message = error.to_string();
        match error.problem() {
            ReadProblem::Missing(id) => Self::new(ErrorCode::NotFound, message).with("id", id),
            ReadProblem::WrongKind { id, expected, found } => Self::new(ErrorCode::InvalidArgument, message)
                .with("id", id)
                .with("expected", expected)
                .with("found", found),
            ReadProblem::Corrupt { id, error } => Self::corrupt(id, error),
            ReadProblem::Limit { id, limit } => Self::from(*limit).with("id", id),
            _ => Self::new(ErrorCode::CorruptObject, message),
        }
    }
}

impl From<LimitExceeded> for Error {
    fn from(error: LimitExceeded) -> Self {
        Self::new(ErrorCode::LimitExceeded, error.to_string())
            .with("limit", error.limit)
            .with_number("allowed", error.allowed)
            .with_number("found", error.found)
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        Self::new(ErrorCode::InvalidPath, error.to_string())
            .with("path", &error.path)
            .with("problem", error.problem)
    }
}

impl From<RefNameError> for Error {
    fn from(error: RefNameError) -> Self {
        Self::new(ErrorCode::InvalidName, error.to_string())
            .with("name", &error.name)
            .with("problem", error.problem)
    }
}

impl From<ResolveError> for Error {
    fn from(error: ResolveError) -> Self {
        Self::new(ErrorCode::InvalidArgument, error.to_string())
    }
}

impl From<UpdateError> for Error {
    fn from(error: UpdateError) -> Self {
        let message = error.to_string();
        let code = match &error.problem {
            UpdateProblem::Unexpected { expected: Expected::Missing, .. }
            | UpdateProblem::FolderClash { .. } => ErrorCode::AlreadyExists,
            UpdateProblem::Unexpected { .. } => ErrorCode::Stale,
            UpdateProblem::Repeated => ErrorCode::AlreadyExists,
            _ => ErrorCode::InvalidArgument,
        };
        let failure = Self::new(code, message).with("ref", &error.name);
        match error.problem {
            UpdateProblem::FolderClash { other } => failure.with("other", other),
            UpdateProblem::Unexpected { found: Some(found), .. } => failure.with("found", found),
            _ => failure,
        }
    }
}

impl From<PackError> for Error {
    fn from(error: PackError) -> Self {
        let message = error.to_string();
        match error {
            PackError::Limit { offset, limit } => Self::from(limit).with_number("offset", offset),
            PackError::Source(error) => error.into(),
            _ => Self::new(ErrorCode::CorruptPack, message),
        }
    }
}

impl From<RevisionError> for Error {
    fn from(error: RevisionError) -> Self {
        let message = error.to_string();
        match error {
            RevisionError::Read(error) => error.into(),
            RevisionError::Ambiguous { prefix, candidates } => Self::new(ErrorCode::InvalidArgument, message)
                .with("prefix", prefix)
                .with_list("candidates", candidates.iter().map(|candidate| candidate.id)),
            RevisionError::NotFound { name } => {
                Self::new(ErrorCode::NotFound, message).with("revision", name)
            }
            RevisionError::NoPath { path, .. } => Self::new(ErrorCode::NotFound, message).with("path", path),
            RevisionError::NoParent { .. }
            | RevisionError::NoAncestor { .. }
            | RevisionError::NoMatch { .. } => Self::new(ErrorCode::NotFound, message),
            _ => Self::new(ErrorCode::InvalidArgument, message),
        }
    }
}

impl From<DiffError> for Error {
    fn from(error: DiffError) -> Self {
        match error {
            DiffError::Read(error) => error.into(),
            DiffError::Limit(limit) => limit.into(),
            _ => Self::new(ErrorCode::InvalidArgument, error.to_string()),
        }
    }
}

impl From<MergeError> for Error {
    fn from(error: MergeError) -> Self {
        let message = error.to_string();
        match error {
            MergeError::Read(error) => error.into(),
            MergeError::Limit(limit) => limit.into(),
            MergeError::UnrelatedHistories { ours, theirs } => {
                Self::new(ErrorCode::InvalidArgument, message).with("ours", ours).with("theirs", theirs)
            }
            MergeError::DriverUnavailable { path, driver } => {
                let message =
                    format!("{message}: import 'govc/formats' first, or initializeFormats() of govc/slim");
                Self::new(ErrorCode::Disposed, message).with("path", path).with("driver", driver)
            }
            _ => Self::new(ErrorCode::InvalidArgument, message),
        }
    }
}

impl From<PatchError> for Error {
    fn from(error: PatchError) -> Self {
        let message = error.to_string();
        let code = match error.problem {
            PatchProblem::Read(error) => return error.into(),
            PatchProblem::Limit(limit) => return limit.into(),
            PatchProblem::Path => ErrorCode::InvalidPath,
            PatchProblem::NotFound
            | PatchProblem::Gone
            | PatchProblem::Exists
            | PatchProblem::WrongType
            | PatchProblem::NoMatch(_)
            | PatchProblem::Leftover => ErrorCode::Conflict,
            _ => ErrorCode::InvalidArgument,
        };
        let mut refusal = Self::new(code, message).with_number("patchLine", error.line.into());
        if let PatchProblem::NoMatch(line) = error.problem {
            refusal = refusal.with_number("line", line.into());
        }
        match error.path {
            Some(path) => refusal.with("path", path),
            None => refusal,
        }
    }
}

impl From<EditError> for Error {
    fn from(error: EditError) -> Self {
        let message = error.to_string();
        match error {
            EditError::Read(error) => error.into(),
            EditError::Path(error) => error.into(),
            EditError::NotFound { path } => Self::no_path(path),
            EditError::NotADirectory { path } | EditError::IsADirectory { path } => {
                Self::new(ErrorCode::InvalidPath, message).with("path", path)
            }
            _ => Self::new(ErrorCode::InvalidArgument, message),
        }
    }
}
