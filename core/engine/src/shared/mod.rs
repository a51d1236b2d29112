//! Realities that several nodes share: who moves one writes an entry into its chain, and everybody who knows the same
//! entries sees the same commit, without asking anyone.
//!
//! Modules, foundations first: `moves`, `view`, `converge`, `world`.

mod converge;
mod moves;
mod view;
mod world;

pub use converge::Converged;
pub use moves::Moves;
pub use world::{Absorbed, World, WorldEvent};
