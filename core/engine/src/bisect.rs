//! The search for the first bad commit, one choice at a time. Who asks keeps the verdicts and does the tests.

use govc_git::rev::{BisectOptions, BisectStep, Bisection, check_bases};

use crate::Repository;
use crate::error::{Error, ErrorCode, Result};

/// The search for the commit to test next.
pub struct Bisect {
    options: BisectOptions,
    /// Whether merge bases have passed.
    bases_passed: bool,
    search: Bisection,
}

impl Repository {
    /// Begins to choose the commit to test next. `bases_passed` where an earlier choice of the same search got beyond
    /// the merge bases. The commits may be named by tags.
    pub fn bisect(&self, mut options: BisectOptions, bases_passed: bool) -> Result<Bisect> {
        if options.good.is_empty() {
            return Err(Error::new(ErrorCode::InvalidArgument, "a search needs a commit that is good"));
        }
        options.bad = self.commit_at(&options.bad)?;
        for id in options.good.iter_mut().chain(&mut options.skipped) {
            *id = self.commit_at(id)?;
        }
        let search = Bisection::new(&options);
        Ok(Bisect { options, bases_passed, search })
    }

    /// Looks at about `budget` commits; what to do next, once that is known.
    pub fn bisect_step(&self, bisect: &mut Bisect, budget: usize) -> Result<Option<BisectStep>> {
        let graph = &mut *self.graph.borrow_mut();
        if !bisect.bases_passed {
            if let Some(step) = check_bases(graph, &self.store, &bisect.options)? {
                return Ok(Some(step));
            }
            bisect.bases_passed = true;
        }
        let found = bisect.search.step(graph, &self.store, budget)?;
        Ok(found.map(|found| found.choose(graph, &bisect.options)))
    }
}
