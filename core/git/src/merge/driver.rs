//! How a file is merged where both sides changed it, by what `.gitattributes` say.

use alloc::vec::Vec;

use bstr::{BStr, BString, ByteSlice};

use super::options::AttributeSource;
use crate::ObjectId;
use crate::attributes::{Attributes, State};
use crate::store::{ObjectSource, ReadError};

/// The attribute `merge`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Driver {
    /// Line by line.
    #[default]
    Text,
    /// Not at all: ours stays, in conflict.
    Binary,
    /// Line by line, and both sides' lines where they conflict.
    Union,
    /// One that git does not bring.
    Named(BString),
}

/// What the attributes say about merging one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FileDriver {
    pub driver: Driver,
    /// The attribute `conflict-marker-size`, in bytes.
    pub marker_size: Option<u16>,
}

/// The attributes that a merge goes by.
pub(super) fn attributes(source: AttributeSource, ours: &ObjectId) -> Option<Attributes> {
    match source {
        AttributeSource::Nowhere => None,
        AttributeSource::Ours => Some(Attributes::new(*ours)),
        AttributeSource::Tree(tree) => Some(Attributes::new(tree)),
    }
}

/// What they say about a file.
pub(super) fn driver_for(
    attributes: &mut Option<Attributes>,
    source: &dyn ObjectSource,
    path: &BStr,
) -> Result<FileDriver, ReadError> {
    let Some(attributes) = attributes else { return Ok(FileDriver::default()) };
    let states: Vec<State> = attributes.look_up(source, path, &[b"merge", b"conflict-marker-size"])?;
    let driver = match states.first() {
        Some(State::Unset) => Driver::Binary,
        Some(State::Value(name)) => match name.as_slice() {
            b"binary" => Driver::Binary,
            b"union" => Driver::Union,
            b"text" => Driver::Text,
            _ => Driver::Named(name.clone()),
        },
        _ => Driver::Text,
    };
    let marker_size = match states.get(1) {
        Some(State::Value(digits)) => marker_size(digits.as_bstr()),
        _ => None,
    };
    Ok(FileDriver { driver, marker_size })
}

/// A number as C reads it: as far as there are digits. Not above zero, it counts for nothing.
fn marker_size(text: &BStr) -> Option<u16> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let size =
        digits.fold(0u16, |size, digit| size.saturating_mul(10).saturating_add(u16::from(digit - b'0')));
    Some(size).filter(|size| *size > 0)
}
