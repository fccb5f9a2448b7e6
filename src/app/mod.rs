//! What happens next. The program without its screen: a message and the model become effects, as data.

pub mod acts;
pub mod answers;
pub mod autopilot;
pub mod book;
pub mod checklist;
pub mod dialog;
pub mod inspect;
pub mod keys;
pub mod message;
pub mod model;
pub mod monitor;
pub mod news;
pub mod output;
pub mod questions;
pub mod shown;
pub mod start;
pub mod step;
pub mod update;

#[cfg(test)]
mod desk;
#[cfg(test)]
mod panels;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unwell;
#[cfg(test)]
mod worst;
