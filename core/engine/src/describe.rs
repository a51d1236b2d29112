//! A name for a commit from the nearest tag.

use bstr::BString;
use govc_git::ObjectId;
use govc_git::rev::{self, DescribeError, DescribeOptions};

use crate::Repository;
use crate::error::{Error, ErrorCode, Result};

impl Repository {
    /// The name that `git describe` gives a commit.
    pub fn describe(&self, revision: &ObjectId, options: &DescribeOptions) -> Result<BString> {
        let commit = self.commit_at(revision)?;
        let (objects, graph) = (self.store.object_count(), &mut *self.graph.borrow_mut());
        rev::describe(graph, &self.store, &self.refs, &commit, options, objects).map_err(
            |error| match error {
                DescribeError::Read(error) => error.into(),
                error => Error::new(ErrorCode::NotFound, alloc::string::ToString::to_string(&error))
                    .with("id", commit),
            },
        )
    }
}
