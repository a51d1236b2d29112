//! Merge drivers beside git's own: those of the formats module, asked through JavaScript.

use govc_engine::git::merge::text::Favor;
use govc_engine::git::merge::{DriverAnswer, NamedDrivers, Versions};
use wasm_bindgen::prelude::*;

use crate::repository::Repository;

#[wasm_bindgen]
extern "C" {
    /// What `mergeDrivers` in `wasm/js/merge.ts` is.
    pub type MergeDrivers;
    /// Whether there is a driver of this name.
    #[wasm_bindgen(method)]
    fn knows(this: &MergeDrivers, driver: &str) -> bool;
    /// A byte 0 where the merge of the lines counts, 1 where that is broken, 2 before the merged content; nothing where the
    /// driver cannot be asked.
    #[wasm_bindgen(method)]
    fn merge(
        this: &MergeDrivers,
        driver: &str,
        base: &[u8],
        ours: &[u8],
        theirs: &[u8],
        lines: Option<&[u8]>,
        favor: u8,
    ) -> Option<Vec<u8>>;
}

impl NamedDrivers for MergeDrivers {
    fn merge(&self, driver: &bstr::BStr, versions: &Versions<'_>) -> Option<DriverAnswer> {
        let driver = core::str::from_utf8(driver).ok().filter(|driver| self.knows(driver))?;
        let Versions { base, ours, theirs, lines, favor } = *versions;
        let favor = match favor {
            Favor::Ours => 1,
            Favor::Theirs => 2,
            _ => 0,
        };
        let answer = self.merge(driver, base, ours, theirs, lines, favor);
        Some(match answer {
            None => DriverAnswer::Unavailable,
            Some(answer) => match answer.split_first() {
                Some((2, merged)) => DriverAnswer::Merged(merged.into()),
                Some((1, _)) => DriverAnswer::Broken,
                _ => DriverAnswer::Lines,
            },
        })
    }
}

#[wasm_bindgen]
impl Repository {
    /// Sets who knows merge drivers beside git's own.
    #[wasm_bindgen(js_name = setMergeDrivers)]
    pub fn set_merge_drivers(&mut self, drivers: MergeDrivers) {
        self.engine.set_merge_drivers(Box::new(drivers));
    }
}
