//! Realities as names: create, fork, list, delete, choose main, tag, roll back. None of it reads a tree.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bstr::ByteSlice;
use govc_git::glob::Glob;
use govc_git::object::Tag;
use govc_git::refs::{Expected, NewValue, RefName, RefTarget, RefUpdate};
use govc_git::sort::sort;
use govc_git::{Kind, ObjectId, ObjectSink, ObjectSource};

use crate::error::{Error, ErrorCode, Result};
use crate::operation::OperationKind;
use crate::repository::expected;
use crate::{Env, Repository};

impl Repository {
    /// The ref of an existing reality, born or not.
    pub fn reality(&self, name: &[u8]) -> Result<RefName> {
        let name = RefName::branch(name)?;
        if self.refs.get(name.as_ref()).is_some() || self.unborn.contains_key(&name) {
            Ok(name)
        } else {
            Err(Error::no_reality(&name.short().to_string()))
        }
    }

    /// The newest commit of a reality; `None` before the first.
    pub fn head(&self, reality: &RefName) -> Result<Option<ObjectId>> {
        match self.refs.resolve(reality.as_ref())? {
            None if !self.unborn.contains_key(reality) => {
                Err(Error::no_reality(&reality.short().to_string()))
            }
            head => Ok(head),
        }
    }

    /// The reality that `HEAD` leads to.
    pub fn main(&self) -> Result<RefName> {
        self.main_ref().ok_or_else(|| {
            Error::new(ErrorCode::NotFound, "HEAD names a commit and no reality: choose one with setMain")
        })
    }

    /// Creates realities at a commit, or without one; all or none, as one operation.
    pub fn create_realities(&mut self, names: &[&[u8]], from: Option<ObjectId>, env: &Env) -> Result<()> {
        let names: Vec<RefName> = names.iter().map(RefName::branch).collect::<Result<_, _>>()?;
        if let Some(taken) = names.iter().find(|name| self.unborn.contains_key(*name)) {
            return Err(Error::exists("reality", taken.short()));
        }
        let Some(commit) = from else {
            return self.create_unborn(names);
        };
        if let (found, _) = self.store.header(&commit)?
            && found != Kind::Commit
        {
            return Err(Error::new(
                ErrorCode::InvalidArgument,
                format!("{commit} is a {found}, not a commit"),
            )
            .with("id", commit));
        }
        let description = match names.as_slice() {
            [name] => format!("create {}", name.short()),
            names => format!("create {} realities", names.len()),
        };
        let new = |name| RefUpdate { name, expected: Expected::Missing, new: NewValue::Set(commit) };
        let updates: Vec<RefUpdate> = names.into_iter().map(new).collect();
        self.record(OperationKind::Create, description, env, &updates)?;
        Ok(())
    }

    /// Forks a reality with its uncommitted changes.
    pub fn fork(&mut self, from: &RefName, name: &[u8], env: &Env) -> Result<()> {
        self.create_realities(&[name], self.head(from)?, env)?;
        if let Some(workspace) = self.workspaces.get(from).cloned() {
            self.workspaces.insert(RefName::branch(name)?, workspace);
        }
        Ok(())
    }

    fn create_unborn(&mut self, names: Vec<RefName>) -> Result<()> {
        if let Some(taken) = names.iter().find(|name| self.refs.get(name.as_ref()).is_some()) {
            return Err(Error::exists("reality", taken.short()));
        }
        for name in names {
            self.unborn.insert(name, ());
        }
        Ok(())
    }

    /// The names of all realities that a pattern means, in order.
    pub fn list_realities(&self, pattern: Option<&[u8]>) -> Vec<RefName> {
        let glob = pattern.map(Glob::new);
        let born = self.refs.iter_prefix(b"refs/heads/").map(|(name, _)| name);
        let wanted = |name: &&RefName| glob.as_ref().is_none_or(|glob| glob.matches(name.short()));
        let mut names: Vec<RefName> = born.chain(self.unborn.keys()).filter(wanted).cloned().collect();
        if !self.unborn.is_empty() {
            sort(&mut names);
            names.dedup();
        }
        names
    }

    /// Deletes realities and what they have not committed; all or none, as one operation. Main cannot be deleted.
    pub fn delete_realities(&mut self, realities: &[RefName], env: &Env) -> Result<()> {
        let main = self.main_ref();
        let mut updates = Vec::new();
        for name in realities {
            if main.as_ref() == Some(name) {
                let message = format!("'{}' is main: choose another main before you delete it", name.short());
                return Err(Error::new(ErrorCode::Rejected, message).with("reality", name.short()));
            }
            if let Some(head) = self.head(name)? {
                let expected = Expected::Value(head);
                updates.push(RefUpdate { name: name.clone(), expected, new: NewValue::Delete });
            }
        }
        let description = match updates.as_slice() {
            [update] => format!("delete {}", update.name.short()),
            updates => format!("delete {} realities", updates.len()),
        };
        if !updates.is_empty() {
            self.record(OperationKind::Delete, description, env, &updates)?;
        }
        for name in realities {
            self.unborn.remove(name);
            self.workspaces.remove(name);
        }
        Ok(())
    }

    /// Makes a reality main: `HEAD` leads to it from now on. Fails with `Stale` where main is not what is expected: the
    /// name of a reality, or the id of its newest commit.
    pub fn set_main(&mut self, reality: &RefName, expected: Option<&[u8]>, env: &Env) -> Result<()> {
        self.head(reality)?;
        if let Some(expected) = expected {
            self.check_main(expected)?;
        }
        let old = self.refs.head().cloned();
        let update = RefUpdate {
            name: RefName::head(),
            expected: old.map_or(Expected::Missing, Expected::Target),
            new: NewValue::Symbolic(reality.clone()),
        };
        self.record(OperationKind::SetMain, format!("set main to {}", reality.short()), env, &[update])?;
        Ok(())
    }

    fn check_main(&self, expected: &[u8]) -> Result<()> {
        let main = self.main()?;
        let head = self.head(&main)?;
        let is_expected = match ObjectId::from_hex(expected) {
            Ok(id) => head == Some(id),
            Err(_) => main.short() == expected,
        };
        if is_expected {
            return Ok(());
        }
        let message = format!(
            "main is '{}', not what was expected: look at what it has become, then choose again",
            main.short()
        );
        Err(Error::new(ErrorCode::Stale, message)
            .with("expected", expected.as_bstr())
            .with("reality", main.short()))
    }

    /// Moves a reality to another commit at once; what it has not committed goes. Its tree is not read. A `reason` is that
    /// of a rule.
    pub fn rollback(
        &mut self,
        reality: &RefName,
        to: ObjectId,
        reason: Option<&str>,
        env: &Env,
    ) -> Result<()> {
        let before = self.head(reality)?;
        let (found, to) = self.store.peel_tags(&to)?;
        if found != Kind::Commit {
            return Err(Error::new(ErrorCode::InvalidArgument, format!("{to} is a {found}, not a commit"))
                .with("id", to));
        }
        let update = RefUpdate { name: reality.clone(), expected: expected(before), new: NewValue::Set(to) };
        let (kind, description) = match reason {
            None => (OperationKind::Rollback, format!("roll {} back to {to}", reality.short())),
            Some(reason) => (OperationKind::Rule, reason.to_string()),
        };
        self.record(kind, description, env, &[update])?;
        self.workspaces.remove(reality);
        Ok(())
    }

    /// Creates a tag: annotated where there is a message, else a plain ref. Returns what the ref points to.
    pub fn tag(
        &mut self,
        name: &[u8],
        target: ObjectId,
        message: Option<&[u8]>,
        env: &Env,
    ) -> Result<ObjectId> {
        let tag_ref = RefName::tag(name)?;
        if self.refs.get(tag_ref.as_ref()).is_some() {
            return Err(Error::exists("tag", tag_ref.short()));
        }
        let (kind, _) = self.store.header(&target)?;
        let id = match message {
            None => target,
            Some(text) => {
                let tag = Tag {
                    target,
                    kind,
                    name: name.into(),
                    tagger: env.signature(),
                    message: with_newline(text)?,
                };
                self.store.write(Kind::Tag, &tag.write())
            }
        };
        let description = format!("tag {}", tag_ref.short());
        let update = RefUpdate { name: tag_ref, expected: Expected::Missing, new: NewValue::Set(id) };
        self.record(OperationKind::Tag, description, env, &[update])?;
        Ok(id)
    }

    /// The description of what `HEAD` is: the main reality's name, or an id.
    pub fn describe_head(&self) -> String {
        match self.refs.head() {
            Some(RefTarget::Symbolic(name)) => name.short().to_string(),
            Some(RefTarget::Direct(id)) => id.to_string(),
            None => String::new(),
        }
    }
}

/// A message as git stores it: it ends with a newline unless it is empty, and holds no NUL.
pub(crate) fn with_newline(message: &[u8]) -> Result<bstr::BString> {
    if message.find_byte(0).is_some() {
        return Err(Error::new(ErrorCode::InvalidArgument, "a message cannot hold a NUL character"));
    }
    let mut text: bstr::BString = message.into();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    Ok(text)
}
