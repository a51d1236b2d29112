//! What can be wrong, as one table: git's message ids, its severities, and a sentence each.
//!
//! Not in it: `emptyName`, `missingTag`, `missingType`, `unknownType`, `badGpgsig` and `badHeaderContinuation`, which an
//! earlier check always forestalls (`badTree`, `unterminatedHeader`, the closed set of kinds); and what only a file
//! system or a reftable can have (`badRefFiletype`, `symlinkRef`, `badReftableTableName`).

use core::fmt;

/// How bad a problem is, as git ranks it without `--strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Git looks for it only where a configuration asks.
    Ignored,
    /// Shown, and never a failure.
    Information,
    /// Shown; a failure with `--strict`.
    Warning,
    /// A failure.
    Error,
    /// A failure that no configuration can turn into less.
    Fatal,
}

impl Severity {
    /// Whether `git fsck --strict`, and a push that is checked, fails because of it.
    pub fn is_failure(self) -> bool {
        self >= Self::Warning
    }
}

macro_rules! messages {
    ($($name:ident $id:literal $severity:ident $text:literal,)*) => {
        /// One kind of problem. The names are git's, but for those at the end, which git prints without an id.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Message {
            $(#[doc = concat!("`", $id, "`: ", $text, ".")] $name,)*
        }

        impl Message {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The id, as git prints it and `fsck.<id>` names it.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// How bad it is by default.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it says.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

messages! {
    NulInHeader "nulInHeader" Fatal "a NUL byte stands in the header",
    UnterminatedHeader "unterminatedHeader" Fatal "the header does not end",
    BadDate "badDate" Error "an identity's date is no number",
    BadDateOverflow "badDateOverflow" Error "an identity's date is too large",
    BadEmail "badEmail" Error "an identity's address does not end where it should",
    BadName "badName" Error "an identity's name holds a '>'",
    BadObjectSha1 "badObjectSha1" Error "the 'object' line holds no id",
    BadParentSha1 "badParentSha1" Error "a 'parent' line holds no id",
    BadTimezone "badTimezone" Error "an identity's time zone is not a sign and four digits",
    BadTree "badTree" Error "the tree cannot be taken apart",
    BadTreeSha1 "badTreeSha1" Error "the 'tree' line holds no id",
    BadType "badType" Error "the 'type' line names no kind of object",
    DuplicateEntries "duplicateEntries" Error "two entries have one name",
    GitattributesBlob "gitattributesBlob" Error ".gitattributes is not a blob",
    GitattributesLarge "gitattributesLarge" Error ".gitattributes is larger than 100 MiB",
    GitattributesLineLength "gitattributesLineLength" Error ".gitattributes has a line of 2,048 bytes or more",
    GitattributesMissing "gitattributesMissing" Error ".gitattributes cannot be read",
    GitmodulesBlob "gitmodulesBlob" Error ".gitmodules is not a blob",
    GitmodulesLarge "gitmodulesLarge" Error ".gitmodules is too large to be read",
    GitmodulesMissing "gitmodulesMissing" Error ".gitmodules cannot be read",
    GitmodulesName "gitmodulesName" Error "a submodule's name is empty or leads upwards",
    GitmodulesPath "gitmodulesPath" Error "a submodule's path looks like an option",
    GitmodulesSymlink "gitmodulesSymlink" Error ".gitmodules is a symbolic link",
    GitmodulesUpdate "gitmodulesUpdate" Error "a submodule's update is a command",
    GitmodulesUrl "gitmodulesUrl" Error "a submodule's URL is not allowed",
    MissingAuthor "missingAuthor" Error "the 'author' line is missing",
    MissingCommitter "missingCommitter" Error "the 'committer' line is missing",
    MissingEmail "missingEmail" Error "an identity has no address",
    MissingNameBeforeEmail "missingNameBeforeEmail" Error "an identity has no name",
    MissingObject "missingObject" Error "the 'object' line is missing",
    MissingSpaceBeforeDate "missingSpaceBeforeDate" Error "an identity has no space before its date",
    MissingSpaceBeforeEmail "missingSpaceBeforeEmail" Error "an identity has no space before its address",
    MissingTagEntry "missingTagEntry" Error "the 'tag' line is missing",
    MissingTree "missingTree" Error "the 'tree' line is missing",
    MissingTypeEntry "missingTypeEntry" Error "the 'type' line is missing",
    MultipleAuthors "multipleAuthors" Error "there are several 'author' lines",
    TreeNotSorted "treeNotSorted" Error "the entries are not in order",
    ZeroPaddedDate "zeroPaddedDate" Error "an identity's date begins with 0",
    FullPathname "fullPathname" Warning "an entry's name holds a '/'",
    HasDot "hasDot" Warning "an entry is named '.'",
    HasDotdot "hasDotdot" Warning "an entry is named '..'",
    HasDotgit "hasDotgit" Warning "an entry is named '.git' or what a file system takes for it",
    LargePathname "largePathname" Warning "an entry's name is longer than 4,096 bytes",
    NullSha1 "nullSha1" Warning "an entry has the null id",
    NulInCommit "nulInCommit" Warning "a NUL byte stands in the message",
    ZeroPaddedFilemode "zeroPaddedFilemode" Warning "an entry's mode begins with 0",
    BadFilemode "badFilemode" Information "an entry's mode is none that git writes",
    BadTagName "badTagName" Information "the tag's name cannot be a ref",
    GitattributesSymlink "gitattributesSymlink" Information ".gitattributes is a symbolic link",
    GitignoreSymlink "gitignoreSymlink" Information ".gitignore is a symbolic link",
    GitmodulesParse "gitmodulesParse" Information ".gitmodules cannot be taken apart",
    MailmapSymlink "mailmapSymlink" Information ".mailmap is a symbolic link",
    MissingTaggerEntry "missingTaggerEntry" Information "the 'tagger' line is missing",
    ExtraHeaderEntry "extraHeaderEntry" Ignored "there are header lines after 'tagger'",

    BadPackedRefEntry "badPackedRefEntry" Error "a line of packed-refs cannot be taken apart",
    BadPackedRefHeader "badPackedRefHeader" Error "the header of packed-refs is not git's",
    BadHeadTarget "badHeadTarget" Error "HEAD is symbolic and does not point to a branch",
    BadRefOid "badRefOid" Error "a ref points to the null id",
    BadReferentName "badReferentName" Error "a symbolic ref points to what is no name",
    BadRefContent "badRefContent" Error "a ref holds neither an id nor a name",
    BadRefName "badRefName" Error "a ref has a name that is not allowed",
    PackedRefEntryNotTerminated "packedRefEntryNotTerminated" Error "the last line of packed-refs does not end",
    PackedRefUnsorted "packedRefUnsorted" Error "the lines of packed-refs are not in order",
    EmptyPackedRefsFile "emptyPackedRefsFile" Information "packed-refs is empty",
    RefMissingNewline "refMissingNewline" Information "a ref's file does not end with a newline",
    SymrefTargetIsNotARef "symrefTargetIsNotARef" Information "a symbolic ref points outside refs/",
    TrailingRefContent "trailingRefContent" Information "a ref's file goes on after the target",

    Collision "sha1Collision" Fatal "the bytes carry a SHA-1 collision attack",
    HashMismatch "hashMismatch" Fatal "the bytes do not have the id under which they are kept",
    Unreadable "unreadable" Fatal "the object cannot be read",
    MissingLink "missingLink" Error "an object is missing that another one names",
    WrongKind "wrongKind" Error "an object is of another kind than the one that names it says",
    RefTargetMissing "refTargetMissing" Error "a ref points to an object that is missing",
    RefTargetNotCommit "refTargetNotCommit" Error "a branch points to what is not a commit",
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id(), self.text())
    }
}
