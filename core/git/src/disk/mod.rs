//! The forms in which git keeps things in files, as codecs only: bytes in, bytes out. No file is opened here.

pub mod loose;
